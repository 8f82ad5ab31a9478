import { posix } from 'node:path'
import { InMemoryFs, type FsStat, type IFileSystem } from 'just-bash'
import type { Listed } from './messages.ts'
import type { ShellChange } from './ports.ts'

/** Folders that are the shell's own: nothing in them is kept. */
const own = /^\/(?:bin|dev|proc|usr|tmp)(?:\/|$)/

export type Overlay = {
  fs: IFileSystem
  /** What could not be read, each with the reason: commands say of it no more than that it is not there. */
  unread: ReadonlyMap<string, string>
  /** What was changed, against what was there when the line began. */
  changes(): Promise<ShellChange[]>
}

const problem = (code: string, words: string, path: string) =>
  Object.assign(new Error(`${code}: ${words}, '${path}'`), { code })

/** Files in memory over those that are listed: these are read when they are asked for, and never written. */
export function createOverlay(
  listed: readonly Listed[],
  read: (path: string) => Promise<Uint8Array>,
  limits: { fileBytes: number; files: number },
): Overlay {
  // What is read and what is written is bounded each by itself.
  const inner = new InMemoryFs(undefined, { maxTotalBytes: 2 * limits.fileBytes })
  const there = new Map<string, Listed>()
  /** By path, what of those that were there is at it now. */
  const origins = new Map<string, string>()
  const bases = new Map<string, Promise<Uint8Array>>()
  const dirty = new Set<string>()
  const modes = new Map<string, boolean>()
  const sizes = new Map<string, number>()
  const unread = new Map<string, string>()
  let [made, held] = [0, 0]

  const baseOf = (path: string): Promise<Uint8Array> => {
    const known = bases.get(path)
    if (known) return known
    const { size = 0, refused } = there.get(path) ?? {}
    const why = refused ?? (held + size > limits.fileBytes ? 'a line may not look at so much' : undefined)
    const coming = why === undefined ? read(path) : Promise.reject(new Error(why))
    held += why === undefined ? size : 0
    coming.then(
      (bytes) => {
        held += bytes.length - size
        sizes.set(path, bytes.length)
      },
      (e: Error) => unread.set(path, e.message),
    )
    bases.set(path, coming)
    return coming
  }
  for (const folder of ['/dev', '/tmp']) inner.mkdirSync(folder)
  for (const each of listed) {
    there.set(each.path, each)
    if (each.kind === 'dir') inner.mkdirSync(each.path, { recursive: true })
    else {
      origins.set(each.path, each.path)
      inner.writeFileLazy(each.path, () => baseOf(each.path), { mode: each.exec ? 0o755 : 0o644, mtime: new Date(0) })
    }
  }
  const at = (path: string) => posix.resolve('/', path)
  /** What was there is read before it is changed: what is made of it is compared with that. */
  const before = async (path: string) => {
    const origin = origins.get(path)
    if (origin !== undefined) await baseOf(origin)
    else if (!own.test(path) && !(await inner.exists(path)) && ++made > limits.files)
      throw problem('ENOSPC', 'too many files', path)
  }
  const below = (path: string) =>
    [...origins].filter(([now]) => now === path || now.startsWith(path === '/' ? '/' : `${path}/`))
  const withSize = async (path: string, stat: () => Promise<FsStat>): Promise<FsStat> => {
    const origin = origins.get(path)
    if (origin === undefined || dirty.has(path)) return stat()
    // To say how large each is, all would be read; that it is empty is said of none that was not looked at.
    const { size = 0, exec = false, refused } = there.get(origin) ?? {}
    if (size === 0 && refused === undefined) await baseOf(origin).catch(() => {})
    return {
      isFile: true,
      isDirectory: false,
      isSymbolicLink: false,
      mode: (modes.get(origin) ?? exec) ? 0o755 : 0o644,
      size: sizes.get(origin) ?? size,
      mtime: new Date(0),
      identity: origin,
    }
  }
  const writeFile: IFileSystem['writeFile'] = async (raw, content, options) => {
    const path = at(raw)
    await before(path)
    await inner.writeFile(path, content, options)
    dirty.add(path)
  }
  const rm: IFileSystem['rm'] = async (raw, options) => {
    const path = at(raw)
    const going = below(path)
    if (options?.recursive || going.some(([now]) => now === path)) for (const [, origin] of going) await baseOf(origin)
    await inner.rm(path, options)
    for (const [now] of going) {
      origins.delete(now)
      dirty.delete(now)
    }
  }
  const cp: IFileSystem['cp'] = async (from, to, options) => {
    const [source, target] = [at(from), at(to)]
    if (!(await inner.stat(source)).isDirectory) return writeFile(target, await inner.readFileBuffer(source))
    if (!options?.recursive) throw problem('EISDIR', 'is a directory', source)
    await inner.mkdir(target, { recursive: true })
    for (const name of await inner.readdir(source))
      await cp(posix.join(source, name), posix.join(target, name), options)
  }
  const mv: IFileSystem['mv'] = async (from, to) => {
    const [source, target] = [at(from), at(to)]
    if (source === target) return
    const going = below(source)
    for (const [, origin] of going) await baseOf(origin)
    await before(target)
    await inner.mv(source, target)
    // What is put in the place of a file by renaming is what became of it.
    if (going.length === 0 && origins.has(target)) dirty.add(target)
    const wasDirty = going.map(([now]) => dirty.delete(now))
    for (const [now] of going) origins.delete(now)
    for (const [i, [now, origin]] of going.entries()) {
      const path = target + now.slice(source.length)
      origins.set(path, origin)
      if (wasDirty[i]) dirty.add(path)
      else dirty.delete(path)
    }
  }
  const refuseLink = async (_: string, path: string) => {
    throw problem('EPERM', 'links are not kept by this shell', path)
  }
  const fs: IFileSystem = {
    readFile: async (path, options) => inner.readFile(at(path), options),
    readFileBytes: async (path) => inner.readFileBytes(at(path)),
    readFileBuffer: async (path) => inner.readFileBuffer(at(path)),
    writeFile,
    appendFile: async (raw, content, options) => {
      const path = at(raw)
      await before(path)
      await inner.appendFile(path, content, options)
      dirty.add(path)
    },
    exists: async (path) => inner.exists(at(path)),
    stat: async (path) => withSize(at(path), () => inner.stat(at(path))),
    lstat: async (path) => withSize(at(path), () => inner.lstat(at(path))),
    mkdir: async (path, options) => {
      if (!own.test(at(path)) && ++made > limits.files) throw problem('ENOSPC', 'too many files', path)
      await inner.mkdir(at(path), options)
    },
    readdir: async (path) => inner.readdir(at(path)),
    readdirWithFileTypes: async (path) => inner.readdirWithFileTypes(at(path)),
    rm,
    cp,
    mv,
    resolvePath: (base, path) => posix.resolve(base, path),
    getAllPaths: () => inner.getAllPaths(),
    chmod: async (raw, mode) => {
      const path = at(raw)
      const origin = origins.get(path)
      if (origin === undefined) return inner.chmod(path, mode)
      if (there.get(origin)?.refused !== undefined) throw problem('EACCES', 'permission denied', path)
      modes.set(origin, (mode & 0o100) !== 0)
    },
    symlink: refuseLink,
    link: refuseLink,
    readlink: async (path) => {
      throw problem('EINVAL', 'it is no link', path)
    },
    realpath: async (path) => inner.realpath(at(path)),
    utimes: async (path, atime, mtime) => {
      if (!origins.has(at(path))) await inner.utimes(at(path), atime, mtime)
    },
  }
  return {
    fs,
    unread,
    changes: async () => {
      const out: ShellChange[] = []
      const placed = new Set(origins.values())
      const folders = new Set<string>()
      const filled = new Set<string>()
      for (const path of inner.getAllPaths()) {
        if (own.test(path) || path === '/') continue
        filled.add(posix.dirname(path))
        const from = origins.get(path) ?? (there.get(path)?.kind === 'file' && !placed.has(path) ? path : undefined)
        if (origins.has(path) && from === path && !dirty.has(path)) continue
        if ((await inner.lstat(path)).isDirectory) {
          folders.add(path)
          continue
        }
        if (from === undefined) {
          const { mode } = await inner.stat(path)
          out.push({ do: 'create', path, bytes: await inner.readFileBuffer(path), exec: (mode & 0o100) !== 0 })
          continue
        }
        placed.add(from)
        if (from !== path) out.push({ do: 'move', from, to: path })
        if (!dirty.has(path)) continue
        const bytes = await inner.readFileBuffer(path)
        if (!Buffer.from(bytes).equals(await baseOf(from))) out.push({ do: 'write', from, bytes })
      }
      for (const [from, { kind }] of there)
        if (kind === 'file' && !placed.has(from)) out.push({ do: 'remove', from })
        else if (kind === 'dir' && !folders.has(from)) out.push({ do: 'rmdir', path: from })
      for (const path of folders)
        if (!filled.has(path) && there.get(path)?.kind !== 'dir') out.push({ do: 'mkdir', path })
      for (const [from, exec] of modes) if (placed.has(from)) out.push({ do: 'exec', from, exec })
      return out
    },
  }
}
