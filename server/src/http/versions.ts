import { Blame, TandemError, VersionFiles, parsePath } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { exportTexts } from '../history/export.ts'
import { rawOf } from './content.ts'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readValue } from './problem.ts'
import { rawAnswer, rawAnswers, rawHeaders } from './raw-answer.ts'
import { requireRole } from './who.ts'

const tag = 'History'
const ofPaths = ['path-invalid', 'path-outside-workspace', 'path-protected', 'not-found'] as const

/** A version's number, or the newest. */
export const AskedVersion = z.union([z.literal('head'), z.coerce.number().int().nonnegative()])

const FilesQuery = z.object({
  as: z
    .enum(['list', 'yjs'])
    .default('list')
    .describe('`yjs`: one Yjs update instead, of a document whose map `files` holds a `Y.Text` for each path.'),
})

/** `…/versions/:seq/…`: everything as it was. The header `tandem-version` says which version is shown. */
export function versionRoutes(deps: HttpDeps): Hono<Env> {
  const { versions, blame } = deps.history
  const viewer = requireRole(deps, 'viewer')
  const versionOf = (c: Context<Env>): number => {
    const version = versions.resolve(readValue(c.req.param('seq'), AskedVersion))
    c.header('tandem-version', String(version))
    return version
  }
  return new Hono<Env>()
    .get(
      '/:seq/files',
      describe({
        tag,
        summary: 'Which files there were',
        query: FilesQuery,
        answers: { 200: VersionFiles },
        errors: ['not-found', 'too-large'],
      }),
      viewer,
      async (c) => {
        const { as } = readValue(c.req.query(), FilesQuery)
        const version = versionOf(c)
        if (as === 'yjs') {
          const update = await exportTexts(versions, version, deps.settings.maxMessageBytes)
          c.header('content-type', 'application/octet-stream')
          return c.body(new Uint8Array(update))
        }
        const { byPath } = await versions.index(version)
        const files = [...byPath.values()]
          .map(({ id, path, kind, facts }) => ({ id, path, kind, ...(facts && { size: facts.size }) }))
          .toSorted((a, b) => (a.path < b.path ? -1 : 1))
        return c.json<VersionFiles>({ version, files })
      },
    )
    .get(
      '/:seq/files/*',
      describe({
        tag,
        summary: 'A file’s content then',
        headers: rawHeaders,
        answers: rawAnswers,
        errors: [...ofPaths, 'range-invalid'],
      }),
      viewer,
      async (c) => {
        const version = versionOf(c)
        const path = pathOf(c)
        const entry = (await versions.index(version)).byPath.get(path)
        if (!entry) throw new TandemError('not-found', { reason: 'there was no such file then', path, version })
        const textOf = ({ id }: FileEntry) => versions.text(id, version)
        return rawAnswer(deps, c, await rawOf(entry, { blobs: deps.blobs, textOf }))
      },
    )
    .get(
      '/:seq/blame/*',
      describe({
        tag,
        summary: 'Who wrote each character of a text',
        more: '`length` counts UTF-16 units; `author` and `via` are places in `authors`.',
        answers: { 200: Blame },
        errors: ofPaths,
      }),
      viewer,
      async (c) => c.json<Blame>(await blame(pathOf(c), versionOf(c))),
    )
}

/** The file's path in the address, as it was meant before it was encoded. */
function pathOf(c: Context<Env>): string {
  const [, raw] = /\/versions\/[^/]+\/[^/]+\/(.*)$/.exec(new URL(c.req.url).pathname) ?? []
  try {
    return parsePath(decodeURIComponent(raw ?? ''))
  } catch (e) {
    if (e instanceof TandemError) throw e
    throw new TandemError('bad-request', { reason: 'the address is not well encoded' }, e)
  }
}
