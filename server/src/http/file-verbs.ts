import {
  TandemError,
  docPath,
  nameOf,
  parsePath,
  type Clock,
  type DocRef,
  type Id,
  type Settings,
} from '@tandem/shared'
import { openFiles, stateOf, type FileEntry, type Files } from '@tandem/shared/docs'
import type { BlobStore } from '../store/blobs.ts'
import type { UpdateLog } from '../store/log.ts'
import type { Documents } from '../sync/documents.ts'
import { decodeText, rawOf } from './content.ts'
import { createFileContents, etagOfBlob, metaOf, textRef, type Caller, type Check } from './file-contents.ts'
import { below, isFolder, roomIn } from './file-places.ts'

/** What to replace by what, and how often it must be there. */
export type TextReplacement = { search: string; replace: string; count: number }

/** The verbs on files that REST offers; each writes documents as any client would, and resolves once that is on disk. */
export type FileVerbs = ReturnType<typeof createFileVerbs>

const index: DocRef = { kind: 'files' }

type Deps = { documents: Documents; updates: UpdateLog; blobs: BlobStore; settings: Settings; clock: Clock }
export function createFileVerbs({ documents, updates, blobs, settings, clock }: Deps) {
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
  const contents = createFileContents({ documents, updates, blobs, settings })
  const { versionOf, textOf, bytesOf, etagFor, requireSize, change, takeIn } = contents

  const find = async (path: string): Promise<FileEntry | undefined> =>
    (await files()).snapshot().byPath.get(parsePath(path))
  const nothingAt = async (path: string) => {
    const isThere = isFolder(await files(), parsePath(path))
    return new TandemError('not-found', {
      reason: isThere ? 'this is a folder: list it with ?prefix=' : 'there is no such file',
      path,
    })
  }
  const requireFile = async (path: string): Promise<FileEntry> => {
    const entry = await find(path)
    if (!entry || entry.kind === 'dir') throw await nothingAt(path)
    return entry
  }
  const requireText = async (path: string): Promise<FileEntry> => {
    const entry = await requireFile(path)
    if (entry.kind !== 'text' || entry.facts?.withheld !== undefined) {
      throw new TandemError('not-found', {
        reason: entry.kind === 'text' ? 'the content of this text is not shared' : 'this is no text',
        path,
        withheld: entry.facts?.withheld,
      })
    }
    return entry
  }
  const create = async (path: string, body: Uint8Array, caller: Caller, check: Check) => {
    check(undefined)
    const all = await files()
    roomIn(all)(path)
    // Content first, so that nobody ever sees an empty file.
    const { id, kind, facts, etag } = await takeIn(body, caller, decodeText(body) !== undefined)
    await documents.change(index, metaOf(caller), () => {
      if (all.snapshot().byPath.has(path))
        throw new TandemError('precondition-failed', { reason: 'the file was created meanwhile', path })
      roomIn(all)(path)
      all.create(path, kind, facts, id)
    })
    return { created: true, version: versionOf(index), etag }
  }
  /** Puts other content in the place of what is no text, or will be none: a text that becomes a blob ends, and back. */
  const replace = async (before: FileEntry, body: Uint8Array, caller: Caller, check: Check, isText: boolean) => {
    check(await etagFor(before))
    const all = await files()
    const state = before.kind === 'text' ? await documents.peek(textRef(before.id), stateOf) : undefined
    const { id, kind, facts: found, etag } = await takeIn(body, caller, isText)
    await documents.change(index, metaOf(caller), () => {
      const now = all.get(before.id)
      if (!now || now.deleted || now.path !== before.path)
        throw new TandemError('precondition-failed', { reason: 'the file moved meanwhile', path: before.path })
      if (now.kind === 'blob') check(etagOfBlob(now))
      const facts = { ...found, exec: now.facts?.exec ?? false }
      if (now.kind === kind) return all.setFacts(now.id, facts)
      all.remove(now.id, { by: caller.principal, at: clock.now(), ...(state !== undefined && { snapshot: state }) })
      all.create(now.path, kind, facts, id)
    })
    return { created: false, version: versionOf(index), etag }
  }

  return {
    find,
    requireText,
    bytesOf,
    /** Its bytes as they are on disk; throws `not-found`, saying why, where the server has none. */
    raw: async (path: string) => rawOf(await requireFile(path), { blobs, textOf }),
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
      const { kind, facts } = entry
      if ((kind !== 'text' && kind !== 'blob') || facts?.withheld !== undefined) {
        const what = kind === 'dir' ? 'folder' : kind === 'symlink' ? 'link' : 'file whose content is not shared'
        throw new TandemError('conflict', { reason: `there is a ${what} of that name`, path: parsed })
      }
      const decoded = decodeText(body)
      if (kind === 'text' && decoded) {
        return { created: false, ...(await change(entry, caller, check, () => decoded.text)) }
      }
      // A blob that is text stays one for as long as it is too large for a document.
      return replace(entry, body, caller, check, decoded !== undefined && body.length <= settings.maxTextBytes)
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
