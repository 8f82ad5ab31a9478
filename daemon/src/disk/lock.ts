import { randomUUID } from 'node:crypto'
import { link, lstat, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { systemClock, TandemError, type Clock } from '@tandem/shared'
import { z } from 'zod'
import { folderMark } from './folder-mark.ts'
import { openOwnFolder } from './own-folder.ts'
import { codeOf, ignoring } from './stat.ts'

const Holder = z.object({
  pid: z.int(),
  startedAt: z.string(),
  host: z.string(),
  token: z.string(),
  /** Which directory it holds: a copy of that brings a copy of the lock. */
  folder: z.string().optional(),
})
type Holder = z.infer<typeof Holder>

const touchMs = 10_000
/** A holder on another machine (or in another container) cannot be asked; it is believed dead after this silence. */
const silentMs = 60_000
const heldHere = new Set<string>()

/**
 * Makes this process the only daemon of the folder, by `.tandem/lock`; the function returned gives it up. The lock of
 * a process that is no more is taken over; a living one's throws `folder-served`.
 */
export async function lockFolder(root: string, clock: Clock = systemClock): Promise<() => Promise<void>> {
  const dir = await openOwnFolder(root)
  // Nothing in here is anybody's to commit. What stands there already, perhaps a link, is left as it is.
  await writeFile(join(dir, '.gitignore'), '*\n', { flag: 'wx' }).catch(ignoring('EEXIST'))
  const me: Holder = {
    pid: process.pid,
    startedAt: await startOf(process.pid),
    host: hostname(),
    token: randomUUID(),
    folder: folderMark(root),
  }
  const own = join(dir, `lock.${me.token}`)
  const lock = join(dir, 'lock')
  await writeFile(own, JSON.stringify(me), { flag: 'wx' })
  try {
    for (;;) {
      try {
        await link(own, lock)
        break
      } catch (e) {
        if (codeOf(e) !== 'EEXIST') throw e
      }
      const holder = await read(lock)
      const isOurs = holder?.folder === undefined || holder.folder === me.folder
      if (holder && isOurs && (await isAlive(holder, lock, clock))) {
        throw new TandemError('folder-served', {
          reason: 'another Tandem serves this folder already',
          folder: root,
          pid: holder.pid,
        })
      }
      await takeAway(lock, `${own}.stale`, holder?.token)
    }
  } finally {
    await unlink(own)
  }
  heldHere.add(me.token)
  const timer = setInterval(() => void utimes(lock, new Date(), new Date()).catch(() => {}), touchMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    heldHere.delete(me.token)
    if ((await read(lock))?.token === me.token) await unlink(lock).catch(() => {})
  }
}

async function isAlive(holder: Holder, lock: string, clock: Clock): Promise<boolean> {
  if (holder.host !== hostname()) {
    const touched = await stat(lock).catch(() => undefined)
    return touched !== undefined && clock.now() - touched.mtimeMs < silentMs
  }
  if (holder.pid === process.pid) return heldHere.has(holder.token)
  try {
    process.kill(holder.pid, 0)
  } catch (e) {
    return codeOf(e) === 'EPERM'
  }
  // A number used again is another process.
  return (await startOf(holder.pid)) === holder.startedAt
}

/** Removes a dead lock, unless another process did so first and has put its own in the place. */
async function takeAway(lock: string, aside: string, token: string | undefined): Promise<void> {
  try {
    await rename(lock, aside)
  } catch (e) {
    if (codeOf(e) === 'ENOENT') return
    throw e
  }
  if ((await read(aside))?.token !== token) await link(aside, lock).catch(() => {})
  await unlink(aside)
}

async function read(file: string): Promise<Holder | undefined> {
  try {
    // A clone may have a link to anything of that name.
    if (!(await lstat(file)).isFile()) return undefined
    return Holder.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    // Gone, or torn by a crash: nobody's.
    return undefined
  }
}

/** When a process began, as the kernel counts; empty where there is no /proc to say. */
async function startOf(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}
