import { lstatSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderMark } from '@tandem/daemon/folder-mark'
import { systemClock, TandemError, wait, type Clock } from '@tandem/shared'
import { z } from 'zod'
import type { Machine } from './config.ts'
import { dataDirOf } from './folder.ts'

/**
 * What a running `tandem up`, or a daemon alone, notes beside its data, for `tandem status`, and against being started
 * twice: the page's address (of `up`), the one that reaches the server from here, and the certificate it then shows.
 */
export const Running = z.object({
  pid: z.int(),
  url: z.string().optional(),
  apiUrl: z.string().optional(),
  tlsCa: z.string().optional(),
  folder: z.string(),
  startedAt: z.number(),
  /** Of a note that only says where the other one is: beside the data that somebody put elsewhere with `--data`. */
  dataDir: z.string().optional(),
})
export type Running = z.infer<typeof Running>

const fileIn = (dataDir: string) => join(dataDir, 'running.json')

/** The Tandem that uses this data folder now, or the folder whose own place this is, if any; and where its data lies. */
export function findRunning(dataDir: string): (Running & { dataDir: string }) | undefined {
  const noted = noteIn(dataDir)
  if (noted?.dataDir === undefined) return noted && { ...noted, dataDir }
  const there = noteIn(noted.dataDir)
  return there?.pid === noted.pid ? { ...there, dataDir: noted.dataDir } : undefined
}

function noteIn(dataDir: string): Running | undefined {
  const noted = read(fileIn(dataDir), Running)
  return noted && isAlive(noted.pid) ? noted : undefined
}

/**
 * Notes that we run; the function returned takes the note away. `ownDir`: the folder's own place, where the data is not
 * there. It gets a note that leads to the data, without the address: who looks for the folder looks there.
 */
export function noteRunning(dataDir: string, running: Running, ownDir?: string): () => void {
  const write = (dir: string, note: Running) => writeFileSync(fileIn(dir), JSON.stringify(note), { mode: 0o600 })
  const forget = (dir: string) => {
    if (read(fileIn(dir), Running)?.pid === running.pid) rmSync(fileIn(dir), { force: true })
  }
  write(dataDir, running)
  const leading = ownDir === dataDir ? undefined : ownDir
  const { pid, folder, startedAt } = running
  if (leading !== undefined) quietly(() => write(leading, { pid, folder, startedAt, dataDir }))
  return () => {
    forget(dataDir)
    if (leading === undefined) return
    quietly(() => forget(leading))
    quietly(() => rmdirSync(leading)) // Made for the note alone, or full.
  }
}

/** Without its note the data has to be named with `--data`, and nothing else is worse. */
function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // Said above.
  }
}

/**
 * The own place of a folder whose data was put elsewhere with `--data`; undefined where it was not, and where nothing may
 * be noted there, such as inside the folder that is shared.
 */
export function ownDirBeside(folder: string, given: string | undefined, machine: Machine): string | undefined {
  if (given === undefined) return undefined
  try {
    return dataDirOf(folder, undefined, machine)
  } catch {
    return undefined // As where its note cannot be written.
  }
}

/** The data folder of a folder to look into: `--data`, else that of the Tandem that serves it now, else its own place. */
export function dataDirInUse(folder: string, given: string | undefined, machine: Machine): string {
  const dataDir = dataDirOf(folder, given, machine)
  return findRunning(dataDir)?.dataDir ?? dataDir
}

/** The process that has the folder by its lock, wherever its data lies. */
export function lockedBy(folder: string): number | undefined {
  const lock = read(join(folder, '.tandem', 'lock'), Lock)
  // A copy of a folder brings a copy of the lock.
  const isOurs = lock?.folder === undefined || lock.folder === folderMark(folder)
  return lock && isOurs && isAlive(lock.pid) ? lock.pid : undefined
}

/** What a daemon's lock says. */
const Lock = z.object({ pid: z.int(), folder: z.string().optional() })

/** How long a daemon may take to notice that its own supervisor was killed. */
const graceMs = 5_000

/**
 * Throws `folder-served` where another Tandem has the folder. A daemon whose supervisor was killed is about to end: it
 * is waited for.
 */
export async function checkNotServed(folder: string, dataDir: string, clock: Clock = systemClock): Promise<void> {
  const refuse = (pid: number, url?: string) => {
    const where = url ? ` at ${new URL(url).origin}` : ''
    throw new TandemError('folder-served', {
      reason: `${folder} is already served by another Tandem${where}, process ${pid}`,
    })
  }
  const running = findRunning(dataDir)
  if (running) refuse(running.pid, running.url)
  const until = clock.now() + graceMs
  for (;;) {
    const pid = lockedBy(folder)
    if (pid === undefined) return
    if (clock.now() >= until) refuse(pid)
    await wait(clock, 100)
  }
}

function read<S extends z.ZodType>(file: string, schema: S): z.infer<S> | undefined {
  try {
    // A clone may have a link to anything in the place of a lock.
    if (!lstatSync(file).isFile()) return undefined
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined // not there, or torn by a crash: then nobody runs
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'EPERM'
  }
}
