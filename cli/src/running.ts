import { lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderMark } from '@tandem/daemon/folder-mark'
import { systemClock, TandemError, wait, type Clock } from '@tandem/shared'
import { z } from 'zod'

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
})
export type Running = z.infer<typeof Running>

const fileIn = (dataDir: string) => join(dataDir, 'running.json')

/** The Tandem that uses this data folder now, if any. */
export function findRunning(dataDir: string): Running | undefined {
  const noted = read(fileIn(dataDir), Running)
  return noted && isAlive(noted.pid) ? noted : undefined
}

/** Notes that we run; the function returned takes the note away. */
export function noteRunning(dataDir: string, running: Running): () => void {
  writeFileSync(fileIn(dataDir), JSON.stringify(running), { mode: 0o600 })
  return () => {
    if (read(fileIn(dataDir), Running)?.pid === running.pid) rmSync(fileIn(dataDir), { force: true })
  }
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
    const lock = read(join(folder, '.tandem', 'lock'), Lock)
    // A copy of a folder brings a copy of the lock.
    const isOurs = lock?.folder === undefined || lock.folder === folderMark(folder)
    if (!lock || !isOurs || !isAlive(lock.pid)) return
    if (clock.now() >= until) refuse(lock.pid)
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
