import {
  TandemError,
  createId,
  diffText,
  docPath,
  nameOf,
  parsePath,
  type Clock,
  type DocRef,
  type Id,
  type Settings,
} from '@tandem/shared'
import { openFile, openFiles, stateOf, type FileEntry, type Files } from '@tandem/shared/docs'
import type { UpdateLog } from '../store/log.ts'
import type { Documents } from '../sync/documents.ts'
import { perDoc } from '../sync/per-doc.ts'
import { createRoom } from '../sync/room.ts'
import { decodeText, encodeText, etagOf, type Current } from './content.ts'
import { below, isFolder, roomIn } from './file-places.ts'

/** What to replace by what, and how often it must be there. */
export type TextReplacement = { search: string; replace: string; count: number }

/** Decides, on what stands there at the moment of writing, whether to write: throws where not. */
export type Check = (current: Current) => void

/** The verbs on files that REST offers; each writes documents as any client would, and resolves once that is on disk. */
export type FileVerbs = ReturnType<typeof createFileVerbs>

const index: DocRef = { kind: 'files' }
const textRef = (id: Id): DocRef => ({ kind: 'file', fileId: id })

type Deps = { documents: Documents; updates: UpdateLog; settings: Settings; clock: Clock }
/** In whose name it is done. */
type Caller = { principal: Id }

export function createFileVerbs({ documents, updates, settings, clock }: Deps) {
  let held: Promise<Files> | undefined
  // Loaded at first use and kept: every route here asks it.
  const files = () => (held ??= hold())
  const hold = async () => {
    try {
      return openFiles((await documents.hold(index)).doc)
    } catch (e) {
      // The next request tries anew: the store may work again by then.
      held = undefined
      throw e
    }
  }
  const metaOf = (caller: Caller) => ({ author: caller.principal, origin: 'rest' }) as const
  const fileIn = perDoc(openFile)
  const requireDocRoom = createRoom(updates, settings)
  /** The version with which a document last changed. */
  const versionOf = (doc: DocRef) => updates.stat(docPath(doc))?.seq ?? updates.head()

  const find = async (path: string): Promise<FileEntry | undefined> =>
    (await files()).snapshot().byPath.get(parsePath(path))
  const nothingAt = async (path: string) => {
    const isThere = isFolder(await files(), parsePath(path))
    return new TandemError('not-found', {
      reason: isThere ? 'this is a folder: list it with ?prefix=' : 'there is no such file',
      path,
    })
  }
  const requireText = async (path: string): Promise<FileEntry> => {
    const entry = await find(path)
    if (!entry || entry.kind === 'dir') throw await nothingAt(path)
    if (entry.kind !== 'text' || entry.facts?.withheld !== undefined) {
      throw new TandemError('not-found', {
        reason: `the content of this ${entry.kind} is not shared`,
        path,
        withheld: entry.facts?.withheld,
      })
    }
    return entry
  }
  const bytesOf = async ({ id, facts }: FileEntry) =>
    encodeText((await documents.peek(textRef(id), (doc) => openFile(doc).snapshot())) ?? '', facts)
  const etagFor = async (entry: FileEntry) => {
    const isRead = entry.kind === 'text' && entry.facts?.withheld === undefined
    return isRead ? { etag: etagOf(await bytesOf(entry)) } : {}
  }

  const requireSize = (bytes: number) => {
    const limit = settings.maxTextBytes
    if (bytes > limit) throw new TandemError('too-large', { reason: 'the file would be too large', bytes, limit })
  }
  /** Edits the text in one step: `edit` sees it as it stands, and throws to leave it so. */
  const change = async (
    { id, facts }: FileEntry,
    caller: Caller,
    check: Check,
    edit: (text: string) => string,
  ): Promise<{ version: number; etag: string }> => {
    const etag = await documents.change(textRef(id), metaOf(caller), (doc) => {
      const file = fileIn(doc)
      const text = file.snapshot()
      check({ etag: etagOf(encodeText(text, facts)) })
      const after = edit(text)
      const bytes = encodeText(after, facts)
      requireSize(bytes.length)
      file.edit(diffText(text, after), undefined)
      return etagOf(bytes)
    })
    return { version: versionOf(textRef(id)), etag }
  }

  const create = async (path: string, body: Uint8Array, caller: Caller, check: Check) => {
    check(undefined)
    requireSize(body.length)
    const { text, eol, bom } = decodeText(body)
    const all = await files()
    roomIn(all)(path)
    const facts = { size: body.length, exec: false, eol, bom }
    const id = createId()
    requireDocRoom(textRef(id))
    // Content first, so that nobody ever sees an empty file.
    await documents.change(textRef(id), metaOf(caller), (doc) =>
      fileIn(doc).edit([{ at: 0, del: 0, ins: text }], undefined),
    )
    await documents.change(index, metaOf(caller), () => {
      if (all.snapshot().byPath.has(path))
        throw new TandemError('precondition-failed', { reason: 'the file was created meanwhile', path })
      roomIn(all)(path)
      all.create(path, 'text', facts, id)
    })
    return { created: true, version: versionOf(index), etag: etagOf(encodeText(text, facts)) }
  }

  return {
    find,
    requireText,
    bytesOf,
    version: () => updates.head(),
    /** Files in order of their paths, from behind `after`; those in the folder `prefix`, where one is named. */
    list: async ({ after, limit, prefix }: { after: string; limit: number; prefix: string | undefined }) => {
      const version = updates.head()
      const folder = prefix === undefined || prefix === '' ? '' : `${parsePath(prefix.replace(/\/+$/, ''))}/`
      const { byPath } = (await files()).snapshot()
      const paths = [...byPath.keys()].filter((p) => p > after && p.startsWith(folder)).toSorted()
      const page = paths.slice(0, limit)
      return {
        version,
        files: page.flatMap((p) => {
          const entry = byPath.get(p)
          if (!entry) return []
          const { id, kind, facts } = entry
          const changed = updates.stat(docPath(textRef(id)))?.seq
          return [{ path: p, name: nameOf(p), id, kind, size: facts?.size, hash: facts?.blob, changed }]
        }),
        cursor: paths.length > limit ? page.at(-1) : undefined,
      }
    },
    /** Creates or replaces. A file that is there keeps its line ends and byte order mark: `etag` is that of what is read next. */
    put: async (path: string, body: Uint8Array, caller: Caller, check: Check) => {
      const parsed = parsePath(path)
      const entry = await find(parsed)
      if (!entry) return create(parsed, body, caller, check)
      if (entry.kind !== 'text' || entry.facts?.withheld !== undefined) {
        const what =
          entry.kind === 'dir' ? 'folder' : entry.kind === 'text' ? 'file whose content is not shared' : entry.kind
        throw new TandemError('conflict', { reason: `there is a ${what} of that name`, path: parsed })
      }
      const { text } = decodeText(body)
      return { created: false, ...(await change(entry, caller, check, () => text)) }
    },
    /** Search and replace; the text to search for may have either kind of line ends. */
    edit: async (path: string, { search, replace, count }: TextReplacement, caller: Caller, check: Check) => {
      const unix = (text: string) => text.replaceAll('\r\n', '\n')
      return change(await requireText(path), caller, check, (text) => {
        const [parts, put] = [text.split(unix(search)), unix(replace)]
        if (parts.length - 1 !== count) {
          throw new TandemError('conflict', {
            reason: `the text to replace is there ${parts.length - 1} times, not ${count}`,
            path,
          })
        }
        // Before it is made: a short text can be asked to become one that no memory holds.
        requireSize(text.length + count * (put.length - unix(search).length))
        return parts.join(put)
      })
    },
    /** Gives a file, or a folder with all that is in it, another path, in one change. */
    move: async (path: string, to: string, caller: Caller, check: Check) => {
      const from = parsePath(path)
      const target = parsePath(to)
      const all = await files()
      const entry = await find(from)
      if (entry) check(await etagFor(entry))
      const moved = await documents.change(index, metaOf(caller), () => {
        const moving = below(all, from)
        if (moving.length === 0) return 0
        if (target.startsWith(from + '/'))
          throw new TandemError('conflict', { reason: 'a folder cannot move into itself', path: from, to: target })
        const own = new Set(moving.map(({ id }) => id))
        // A longer name of the folder may make a path too long for any disk.
        const steps = moving.map(({ id, path: old }) => ({ id, path: parsePath(target + old.slice(from.length)) }))
        const requireRoom = roomIn(all, own)
        for (const step of steps) requireRoom(step.path)
        for (const step of steps) all.move(step.id, step.path)
        return moving.length
      })
      if (moved === 0) throw await nothingAt(path)
      return { version: versionOf(index), files: moved }
    },
    /** Deletes a file, or with `recursive` a folder and all that is in it, in one change. */
    remove: async (path: string, recursive: boolean, caller: Caller, check: Check) => {
      const parsed = parsePath(path)
      const all = await files()
      const entry = await find(parsed)
      const going = below(all, parsed)
      if (going.length === 0) throw await nothingAt(path)
      if (!recursive && (going.length > 1 || !entry)) {
        throw new TandemError('conflict', {
          reason: 'this is a folder that is not empty: say ?recursive=true',
          path: parsed,
          files: going.length,
        })
      }
      // Each text's state now: what somebody types into it later is more than what was deleted, and brings it back.
      const states = new Map<Id, string | undefined>()
      for (const { id, kind } of going) if (kind === 'text') states.set(id, await documents.peek(textRef(id), stateOf))
      check(entry ? await etagFor(entry) : {})
      const gone = await documents.change(index, metaOf(caller), () => {
        const now = going.filter(({ id, path: old }) => all.get(id)?.path === old && !all.get(id)?.deleted)
        for (const { id } of now) {
          const snapshot = states.get(id)
          all.remove(id, { by: caller.principal, at: clock.now(), ...(snapshot !== undefined && { snapshot }) })
        }
        return now.length
      })
      return { version: versionOf(index), files: gone }
    },
  }
}
