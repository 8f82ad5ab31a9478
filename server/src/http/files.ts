import { TandemError, createId, diffText, nameOf, parsePath, type DocRef, type Id } from '@tandem/shared'
import { openFile, openFiles, stateOf, type FileEntry, type Files } from '@tandem/shared/docs'
import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { perDoc } from '../sync/per-doc.ts'
import { checkConditions } from './conditions.ts'
import { decodeText, encodeText, etagOf } from './content.ts'
import type { Caller, Env, HttpDeps } from './deps.ts'
import { readBody, readValue } from './problem.ts'
import { requireRole } from './who.ts'

const ListQuery = z.object({
  cursor: z.string().max(8_000).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
})
const Edit = z.object({ search: z.string().min(1), replace: z.string(), count: z.int().positive().default(1) })
const Move = z.object({ to: z.string() })

/** The verbs on files that REST offers; each writes documents as any client would, and resolves once that is on disk. */
export type FileVerbs = ReturnType<typeof createFileVerbs>

export function createFileVerbs({ documents, updates, settings, clock }: HttpDeps) {
  let index: Promise<Files> | undefined
  // Loaded at first use and kept: every route here asks it.
  const files = () => (index ??= holdIndex())
  const holdIndex = async () => {
    try {
      return openFiles((await documents.hold({ kind: 'files' })).doc)
    } catch (e) {
      // The next request tries anew: the store may work again by then.
      index = undefined
      throw e
    }
  }
  const metaOf = (caller: Caller) => ({ author: caller.principal, origin: 'rest' }) as const
  const fileIn = perDoc(openFile)
  const textRef = (id: Id): DocRef => ({ kind: 'file', fileId: id })

  const find = async (path: string): Promise<FileEntry | undefined> =>
    (await files()).snapshot().byPath.get(parsePath(path))
  const requireText = async (path: string): Promise<FileEntry> => {
    const entry = await find(path)
    if (!entry) throw new TandemError('not-found', { reason: 'there is no such file', path })
    if (entry.kind !== 'text' || entry.facts?.withheld) {
      throw new TandemError('not-found', {
        reason: `the content of this ${entry.kind} is not shared`,
        path,
        withheld: entry.facts?.withheld,
      })
    }
    return entry
  }
  const textOf = async (id: Id): Promise<string> =>
    (await documents.peek(textRef(id), (doc) => openFile(doc).snapshot())) ?? ''
  const bytesOf = async (entry: FileEntry) => encodeText(await textOf(entry.id), entry.facts)
  const version = () => updates.head()

  const requireSize = (bytes: number) => {
    const limit = settings.maxTextBytes
    if (bytes > limit) throw new TandemError('too-large', { reason: 'the file would be too large', bytes, limit })
  }
  /** Edits the text in one step: `edit` sees it as it stands, and throws to leave it so. */
  const change = async (entry: FileEntry, caller: Caller, edit: (text: string) => string): Promise<void> => {
    await documents.change(textRef(entry.id), metaOf(caller), (doc) => {
      const file = fileIn(doc)
      const text = file.snapshot()
      const after = edit(text)
      requireSize(encodeText(after, entry.facts).length)
      file.edit(diffText(text, after), undefined)
    })
  }

  return {
    find,
    requireText,
    bytesOf,
    version,
    list: async (after: string, limit: number) => {
      const { byPath } = (await files()).snapshot()
      const paths = [...byPath.keys()].toSorted().filter((p) => p > after)
      const page = paths.slice(0, limit)
      return {
        version: version(),
        files: page.flatMap((p) => {
          const entry = byPath.get(p)
          return entry ? [{ path: p, name: nameOf(p), id: entry.id, kind: entry.kind, size: entry.facts?.size }] : []
        }),
        cursor: paths.length > limit ? page.at(-1) : undefined,
      }
    },
    /**
     * Creates or replaces; `check` decides on the content as it stands at the moment of writing. A file that is there
     * keeps its line ends and byte order mark: `etag` is that of what is read next.
     */
    put: async (path: string, body: Uint8Array, caller: Caller, check: (current: Uint8Array | undefined) => void) => {
      const parsed = parsePath(path)
      const { text, eol, bom } = decodeText(body)
      const entry = await find(parsed)
      if (entry) {
        await requireText(parsed)
        await change(entry, caller, (current) => {
          check(encodeText(current, entry.facts))
          return text
        })
        return { created: false, version: version(), etag: etagOf(encodeText(text, entry.facts)) }
      }
      check(undefined)
      requireSize(body.length)
      const facts = { size: body.length, exec: false, eol, bom }
      const id = createId()
      // Content first, so that nobody ever sees an empty file.
      await documents.change(textRef(id), metaOf(caller), (doc) =>
        fileIn(doc).edit([{ at: 0, del: 0, ins: text }], undefined),
      )
      const all = await files()
      await documents.change({ kind: 'files' }, metaOf(caller), () => {
        if (all.snapshot().byPath.has(parsed))
          throw new TandemError('precondition-failed', { reason: 'the file was created meanwhile', path: parsed })
        all.create(parsed, 'text', facts, id)
      })
      return { created: true, version: version(), etag: etagOf(encodeText(text, facts)) }
    },
    edit: async (path: string, { search, replace, count }: z.infer<typeof Edit>, caller: Caller) => {
      const entry = await requireText(path)
      await change(entry, caller, (text) => {
        const parts = text.split(search)
        if (parts.length - 1 !== count) {
          throw new TandemError('conflict', {
            reason: `the text to replace is there ${parts.length - 1} times, not ${count}`,
            path,
          })
        }
        return parts.join(replace)
      })
      return { version: version() }
    },
    move: async (path: string, to: string, caller: Caller) => {
      const entry = await find(path)
      if (!entry) throw new TandemError('not-found', { reason: 'there is no such file', path })
      const target = parsePath(to)
      const all = await files()
      await documents.change({ kind: 'files' }, metaOf(caller), () => {
        if (all.snapshot().byPath.has(target))
          throw new TandemError('conflict', { reason: 'there is a file of that name', path: target })
        all.move(entry.id, target)
      })
      return { version: version() }
    },
    remove: async (path: string, caller: Caller) => {
      const entry = await find(path)
      if (!entry) throw new TandemError('not-found', { reason: 'there is no such file', path })
      const snapshot = await documents.peek(textRef(entry.id), stateOf)
      const all = await files()
      await documents.change({ kind: 'files' }, metaOf(caller), () =>
        all.remove(entry.id, { by: caller.principal, at: clock.now(), ...(snapshot !== undefined && { snapshot }) }),
      )
      return { version: version() }
    },
  }
}

/** The file's path in the address, as it was meant before it was encoded. */
function pathOf(c: Context<Env>): string {
  const [, raw] = /^(?:\/api\/v1\/workspaces\/[^/]+\/files|\/files?)\/(.*)$/.exec(new URL(c.req.url).pathname) ?? []
  try {
    return decodeURIComponent(raw ?? '')
  } catch (e) {
    throw new TandemError('bad-request', { reason: 'the address is not well encoded' }, e)
  }
}

/** `…/files` and `…/files/<path>`: for scripts; raw bytes in and out, versions and content hashes as ETags. */
export function fileRoutes(deps: HttpDeps, verbs: FileVerbs): Hono<Env> {
  const editor = requireRole(deps, 'editor')
  return new Hono<Env>()
    .get('/', requireRole(deps, 'viewer'), async (c) => {
      const { cursor, limit } = readValue(c.req.query(), ListQuery)
      return c.json(await verbs.list(cursor ?? '', limit))
    })
    .get('/*', requireRole(deps, 'viewer'), async (c) => {
      const bytes = await verbs.bytesOf(await verbs.requireText(pathOf(c)))
      const etag = etagOf(bytes)
      c.header('etag', etag)
      c.header('tandem-version', String(verbs.version()))
      // Whatever a file holds, the browser must not take it for a page of ours.
      c.header('content-type', 'text/plain; charset=utf-8')
      c.header('x-content-type-options', 'nosniff')
      c.header('content-security-policy', "default-src 'none'; sandbox")
      return c.req.header('if-none-match') === etag ? c.body(null, 304) : c.body(bytes)
    })
    .put('/*', editor, async (c) => {
      const body = new Uint8Array(await c.req.arrayBuffer())
      const { created, version, etag } = await verbs.put(pathOf(c), body, c.var.caller, (now) =>
        checkConditions(c, now),
      )
      c.header('etag', etag)
      return c.json({ version }, created ? 201 : 200)
    })
    .delete('/*', editor, async (c) => {
      const path = pathOf(c)
      const entry = await verbs.find(path)
      if (entry?.kind === 'text') checkConditions(c, await verbs.bytesOf(entry), { optional: true })
      return c.json(await verbs.remove(path, c.var.caller))
    })
    .post('/*', editor, async (c) => {
      const path = pathOf(c)
      const op = c.req.query('op')
      if (op === 'edit') return c.json(await verbs.edit(path, await readBody(c, Edit), c.var.caller))
      if (op === 'move') return c.json(await verbs.move(path, (await readBody(c, Move)).to, c.var.caller))
      throw new TandemError('bad-request', { reason: 'op is edit or move' })
    })
}
