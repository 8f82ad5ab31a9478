import { TandemError, isTandemError, parseMessage, type Claims, type DocRef, type Log } from '@tandem/shared'
import { z } from 'zod'
import { requireConditions } from './conditions.ts'
import { etagOf } from './content.ts'
import type { FileVerbs } from './file-verbs.ts'

const n = z.int().nonnegative()
const path = z.string().max(4_096)

/** What a program without Yjs may ask over its own requests document's channel [S83]: the verbs of the file routes. */
const FileMessage = z.discriminatedUnion('t', [
  z.object({ t: z.literal('read-file'), n, path }),
  z.object({
    t: z.literal('write-file'),
    n,
    path,
    content: z.string(),
    /** As the headers of that name: one of the two. */
    ifMatch: z.string().max(300).optional(),
    ifNoneMatch: z.literal('*').optional(),
  }),
  z.object({
    t: z.literal('list-files'),
    n,
    prefix: path.optional(),
    cursor: z.string().max(8_000).default(''),
    limit: z.int().min(1).max(10_000).default(1_000),
  }),
  z.object({ t: z.literal('get-files'), n, paths: z.array(path).max(100) }),
])
type FileMessage = z.infer<typeof FileMessage>

type Deps = { verbs: FileVerbs; readOnly(doc: DocRef, claims: Claims): boolean; log: Log }

const encoder = new TextEncoder()
/** Together, of several files at once. */
const maxAnswerBytes = 8 * 2 ** 20

/** Answers file messages; each answer names the message's `n`, and an error says what was wrong with it. */
export function createFileMessages({ verbs, readOnly, log }: Deps): (claims: Claims, raw: string) => Promise<string> {
  const read = async (wanted: string) => {
    const version = verbs.version()
    const bytes = await verbs.bytesOf(await verbs.requireText(wanted))
    return {
      path: wanted,
      content: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
      etag: etagOf(bytes),
      version,
    }
  }
  const readMany = async (paths: readonly string[]) => {
    const files: object[] = []
    let left = maxAnswerBytes
    for (const each of paths) {
      try {
        const file = await read(each)
        left -= file.content.length
        if (left < 0) throw new TandemError('too-large', { reason: 'too much at once: ask for it by itself' })
        files.push(file)
      } catch (e) {
        files.push({ path: each, ...errorOf(e) })
      }
    }
    return files
  }
  const write = async (claims: Claims, message: Extract<FileMessage, { t: 'write-file' }>) => {
    if (readOnly({ kind: 'files' }, claims))
      throw new TandemError('forbidden', { reason: 'this needs the role editor' })
    const conditions = { match: message.ifMatch, noneMatch: message.ifNoneMatch }
    return verbs.put(message.path, encoder.encode(message.content), claims, (now) =>
      requireConditions(conditions, now, false),
    )
  }
  const answer = async (claims: Claims, message: FileMessage): Promise<object> => {
    switch (message.t) {
      case 'read-file':
        return { t: 'file', ...(await read(message.path)) }
      case 'write-file':
        return { t: 'written', path: message.path, ...(await write(claims, message)) }
      case 'list-files': {
        const { cursor: after, limit, prefix } = message
        return { t: 'files', ...(await verbs.list({ after, limit, prefix })) }
      }
      case 'get-files':
        return { t: 'contents', files: await readMany(message.paths) }
      default:
        return message satisfies never
    }
  }
  const errorOf = (e: unknown) => {
    if (!isTandemError(e)) log.error('file message failed', { error: e })
    const { code, message } = isTandemError(e) ? e : new TandemError('internal')
    return { t: 'error', code, message }
  }

  return async (claims, raw) => {
    const parsed = parseMessage(FileMessage, raw)
    if ('issues' in parsed) {
      const details = parsed.issues.slice(0, 5)
      return JSON.stringify({ t: 'error', code: 'validation-failed', message: details[0] ?? '', details })
    }
    const { message } = parsed
    const said = await answer(claims, message).catch(errorOf)
    return JSON.stringify({ n: message.n, ...said })
  }
}
