import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  unlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What one of our folders is for: the first part of its name. */
type Purpose = 'out' | 'probe' | 'data' | 'cell' | 'helper' | 'own' | 'task'

/**
 * Makes a folder of our own among the temporary ones of the system, for us alone. Its name says which process it belongs
 * to, so that a later daemon can tell one that was left behind from one in use. Returns its path.
 */
export const makeTemporary = (purpose: Purpose): string =>
  mkdtempSync(join(tmpdir(), `tandem-${purpose}-${(mine ??= markOf(process.pid))}-`))

/**
 * Takes away what daemons of this user left there that were killed. What belongs to a process that runs, to another
 * user, or to another container that shares the folder stays, and so does what cannot be removed.
 */
export function sweepTemporary(): void {
  const place = tmpdir()
  for (const name of namesIn(place)) {
    const [, mark, pid] = /^tandem-[a-z]+-(\d+-(\d+)-\d+)-\w{6}$/.exec(name) ?? []
    if (mark === undefined || !mark.startsWith(`${space()}-`) || mark === markOf(Number(pid))) continue
    const path = join(place, name)
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (!stat?.isDirectory() || stat.uid !== process.getuid?.()) continue
    removeTemporary(path)
  }
}

let mine: string | undefined

/**
 * Says which process it is: the numbers of processes are counted anew in each container, and used again; the third part is
 * when it began, as the kernel counts. None is 0.
 */
function markOf(pid: number): string {
  const line = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  return `${space()}-${pid}-${line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? 0}`
}

/** Within which the numbers of processes mean something. */
const space = (): string => /\d+/.exec(orEmpty(() => readlinkSync('/proc/self/ns/pid')))?.[0] ?? '0'

/** Removes such a folder with all in it. What cannot be removed now stays until a later start. */
export function removeTemporary(path: string): void {
  try {
    // Where the kernel does not tell what an open folder is, all of them are ours alone.
    if (existsSync('/proc/self/fd')) remove(path)
    else rmSync(path, { recursive: true, force: true })
  } catch {
    // Gone, or somebody is at it.
  }
}

/** Walks through folders held open: a part of them may belong to who commands run as, who could put links there meanwhile. */
function remove(path: string): void {
  const fd = openFolder(path)
  try {
    const held = `/proc/self/fd/${fd}`
    for (const entry of readdirSync(held, { withFileTypes: true })) {
      const inside = join(held, entry.name)
      if (entry.isDirectory()) remove(inside)
      else unlinkSync(inside)
    }
  } finally {
    closeSync(fd)
  }
  rmdirSync(path)
}

/** What was closed is opened: to us alone, for root is kept out by nothing and follows no link here. */
function openFolder(path: string): number {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
  try {
    return openSync(path, flags)
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EACCES') throw e
    chmodSync(path, 0o700)
    return openSync(path, flags)
  }
}

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return [] // there is none: then nothing was left in it
  }
}

function orEmpty(read: () => string): string {
  try {
    return read()
  } catch {
    return '' // it has ended, or there is no /proc to say
  }
}
