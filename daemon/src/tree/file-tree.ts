import { TandemError, parentOf, parsePath, type Id } from '@tandem/shared'
import { readContent } from '../disk/content.ts'
import type { Change } from './commit.ts'
import type { Tree, Version } from './tree.ts'

export type FileTreeOptions = {
  tree: Tree
  /** What the changes are caused by. */
  task?: Id | undefined
  signal: AbortSignal
}

/** So many files are remembered as they were read, and texts of so many characters together. */
const maxRead = 200
const maxHeld = 16 * 2 ** 20
/** Files read at a time: each is held as a whole. */
const maxReading = 4

/**
 * The nine operations on the tree for one execution [S220] [S223] [S224]; paths are POSIX, from `/`. What it writes is
 * merged by what it had read, where somebody typed meanwhile.
 */
export function createFileTree({ tree, task, signal }: FileTreeOptions) {
  const readByPath = new Map<string, Version>()
  const inside = (path: string) => (path === '/' ? '' : parsePath(path.slice(1)))
  const missing = (path: string) => new TandemError('not-found', { reason: 'there is no such file', path })
  const wrong = (reason: string, path: string) => new TandemError('conflict', { reason, path })
  const isFolder = (path: string) => tree.folder(path) !== undefined
  const reading = new Set<Promise<unknown>>()
  const read = async (path: string): Promise<Version> => {
    while (reading.size >= maxReading) await Promise.race(reading)
    const coming = tree.read([path], signal)
    const ended: Promise<boolean> = coming.then(
      () => reading.delete(ended),
      () => reading.delete(ended),
    )
    reading.add(ended)
    const [version] = await coming
    if (!version) throw missing(path)
    return version
  }
  let held = 0
  const sizeOf = (version: Version | undefined) => (version?.kind === 'text' ? version.text.length : 0)
  const forget = (path: string) => {
    held -= sizeOf(readByPath.get(path))
    readByPath.delete(path)
  }
  /** Without its bytes, with which nothing is compared. */
  const remember = (path: string, version: Version) => {
    forget(path)
    readByPath.set(path, { ...version, bytes: new Uint8Array() })
    held += sizeOf(version)
    for (const oldest of readByPath.keys()) {
      if (oldest === path || (readByPath.size <= maxRead && held <= maxHeld)) break
      forget(oldest)
    }
  }
  /** As it was read, if that is still the file which is there. */
  const knownAt = (path: string): Version | undefined => {
    const [known, there] = [readByPath.get(path), tree.at(path)]
    return there !== undefined && there !== 'folder' && there.id === known?.id ? known : undefined
  }
  const commit = async (...changes: Change[]) => {
    const [refused] = await tree.commit(changes, task, signal)
    if (refused) throw wrong(refused.reason, refused.path)
  }
  const put = async (raw: string, make: (old: Version | undefined) => Uint8Array, fresh = false) => {
    const path = inside(raw)
    if (path === '' || isFolder(path)) throw wrong('it is a folder', raw)
    if (!isFolder(parentOf(path)))
      throw new TandemError('not-found', { reason: 'the folder it is to be in is not there', path: raw })
    const there = tree.at(path)
    if (!there) return commit({ do: 'create', path, bytes: make(undefined) })
    const base = (fresh ? undefined : knownAt(path)) ?? (await read(path))
    const bytes = make(base)
    await commit({ do: 'write', base, bytes })
    if (fresh) return
    // Whoever wrote this knows of it, and of nothing that others typed: that is what the next write is compared with.
    const content = base.kind === 'text' ? readContent(bytes) : undefined
    if (base.kind === 'text' && content?.kind === 'text') remember(path, { ...base, bytes, text: content.text })
    else forget(path)
  }
  return {
    readFile: async (raw: string): Promise<Uint8Array> => {
      const path = inside(raw)
      if (path === '') throw wrong('it is a folder', raw)
      const version = await read(path)
      remember(path, version)
      return new Uint8Array(version.bytes)
    },
    writeFile: async (path: string, bytes: Uint8Array): Promise<void> => put(path, () => new Uint8Array(bytes)),
    appendFile: async (path: string, bytes: Uint8Array): Promise<void> =>
      put(path, (old) => Buffer.concat([old?.bytes ?? new Uint8Array(), bytes]), true),
    unlink: async (raw: string): Promise<void> => {
      const path = inside(raw)
      const base = knownAt(path) ?? (await read(path))
      const isLast = tree.folder(parentOf(path))?.size === 1 && parentOf(path) !== ''
      await commit({ do: 'remove', base }, ...(isLast ? [{ do: 'mkdir' as const, path: parentOf(path) }] : []))
      forget(path)
    },
    exists: async (path: string): Promise<boolean> => path === '/' || tree.at(inside(path)) !== undefined,
    stat: async (raw: string): Promise<{ kind: 'file' | 'dir'; size: number }> => {
      const path = inside(raw)
      if (isFolder(path)) return { kind: 'dir', size: 0 }
      const there = tree.at(path)
      if (!there || there === 'folder') throw missing(raw)
      // Of a text the index may not know yet what was typed.
      const isOpen = there.kind === 'text' && tree.withheld(there) === undefined
      return { kind: 'file', size: isOpen ? (await read(path)).bytes.length : (there.facts?.size ?? 0) }
    },
    mkdir: async (raw: string): Promise<void> => {
      const path = inside(raw)
      if (!isFolder(path)) await commit({ do: 'mkdir', path })
    },
    readdir: async (raw: string): Promise<string[]> => {
      const folder = tree.folder(inside(raw))
      if (folder) return [...folder.keys()].toSorted()
      throw tree.at(inside(raw)) ? wrong('it is a file', raw) : missing(raw)
    },
    rmdir: async (raw: string): Promise<void> => {
      const path = inside(raw)
      const folder = tree.folder(path)
      if (!folder) throw tree.at(path) ? wrong('it is a file', raw) : missing(raw)
      if (path === '' || folder.size > 0) throw wrong('the folder is not empty', raw)
      await commit({ do: 'rmdir', path })
    },
  }
}
