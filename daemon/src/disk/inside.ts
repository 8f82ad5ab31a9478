import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  type Stats,
} from 'node:fs'
import { join } from 'node:path'
import { parentOf } from '@tandem/shared'
import { codeOf, ignoring, toStat } from './stat.ts'

/** The folder, and the very directory it was when the daemon started: an unmounted or replaced one is never written. */
export type Root = { path: string; dev: string; ino: string }

/** Why a path is not to be touched: its parent is not there, or is no real directory of this folder. */
export type NotInside = 'missing' | 'blocked'

/**
 * Where the kernel tells what an open file is and lets one go on from it, no check can be outrun: a path is only ever
 * taken from a directory held open. Elsewhere links are looked for before and after, which leaves a moment between.
 */
const procFds = '/proc/self/fd'
const hasProc = existsSync(procFds)
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants

/**
 * Calls `work` with a name for `path` that leads through no symbolic link, whoever swaps directories for links
 * meanwhile. With `make`, missing parents are made.
 */
export async function inParent<T>(
  root: Root,
  path: string,
  work: (target: string) => Promise<T>,
  { make = false } = {},
): Promise<T | NotInside> {
  const parent = openParent(root, path, make)
  if (typeof parent === 'string') return parent
  try {
    return await work(parent.target)
  } finally {
    parent.close()
  }
}

/** Whether every parent of a path is a real directory of this folder, never a symbolic link; makes those that are missing where asked to. */
export function checkParents(root: Root, path: string, make: boolean): 'ok' | NotInside {
  const parent = openParent(root, path, make)
  if (typeof parent === 'string') return parent
  parent.close()
  return 'ok'
}

/** Opens a file for reading that is truly at this path of the folder, not where a link leads. Throws as `open` does; to be closed. */
export function openInside(root: Root, path: string): number | NotInside {
  const file = join(root.path, path)
  const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK
  if (!hasProc) {
    if (isBehindLink(root, path)) return 'blocked'
    const fd = openSync(file, flags)
    if (!isBehindLink(root, path)) return fd
    closeSync(fd)
    return 'blocked'
  }
  const fd = openSync(file, flags)
  if (readlinkSync(`${procFds}/${fd}`) === file) return fd
  closeSync(fd)
  // Gone, reached through a link, or spelled otherwise on a disk that does not mind case: step by step that shows.
  const parent = openParent(root, path, false)
  if (typeof parent === 'string') return parent
  try {
    return openSync(parent.target, flags)
  } finally {
    parent.close()
  }
}

/** Whether a path leads through a symbolic link just now: what is seen there is not of this folder. */
export function isBehindLink(root: Root, path: string): boolean {
  for (let dir = parentOf(path); dir !== ''; dir = parentOf(dir)) {
    if (lstatOf(join(root.path, dir))?.isSymbolicLink()) return true
  }
  return false
}

type Parent = { target: string; close(): void }

function openParent(root: Root, path: string, make: boolean): Parent | NotInside {
  const names = path.split('/')
  const last = names.pop() ?? ''
  let fd: number | undefined
  try {
    fd = openSync(root.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    const there = toStat(fstatSync(fd, { bigint: true }))
    if (there.ino !== root.ino || there.dev !== root.dev) return 'blocked'
    let at = hasProc ? `${procFds}/${fd}` : root.path
    for (const name of names) {
      const next = openDirectory(join(at, name), make)
      closeSync(fd)
      fd = next
      at = hasProc ? `${procFds}/${fd}` : join(at, name)
    }
    const held = fd
    fd = undefined
    return { target: join(at, last), close: () => closeSync(held) }
  } catch (e) {
    return codeOf(e) === 'ENOENT' && lstatOf(root.path) ? 'missing' : 'blocked'
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function openDirectory(path: string, make: boolean): number {
  const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
  try {
    return openSync(path, flags)
  } catch (e) {
    if (!make || codeOf(e) !== 'ENOENT') throw e
    try {
      mkdirSync(path)
    } catch (error) {
      ignoring('EEXIST')(error)
    }
    return openSync(path, flags)
  }
}

function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch {
    // Not there, or not ours to see: no link that could be followed either.
    return undefined
  }
}
