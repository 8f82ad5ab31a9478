import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  mkdirSync,
  readFileSync,
  realpathSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { messageOf, TandemError } from '@tandem/shared'
import type { Machine } from './config.ts'

/** Below this much free space nothing is started: the log could not be kept. */
const leastFreeBytes = 64 * 2 ** 20

/** The real path of a folder that can be served; throws `folder-unreadable` with the sentence that says why not. */
export function checkFolder(given: string): string {
  const path = resolve(given)
  const refuse = (reason: string, cause?: unknown): never => {
    throw new TandemError('folder-unreadable', { reason }, cause)
  }
  try {
    const real = realpathSync(path)
    if (!statSync(real).isDirectory()) refuse(`${path} is not a folder`)
    accessSync(real, constants.R_OK | constants.X_OK)
    accessSync(real, constants.W_OK)
    return real
  } catch (e) {
    if (e instanceof TandemError) throw e
    const { code } = e as NodeJS.ErrnoException
    if (code === 'ENOENT') return refuse(`there is no folder ${path}`, e)
    if (code === 'EACCES' || code === 'EPERM') return refuse(`${path} cannot be read and written by you`, e)
    if (code === 'EROFS') return refuse(`${path} is on a disk that cannot be written to`, e)
    return refuse(`${path} cannot be opened: ${messageOf(e)}`, e)
  }
}

/**
 * Where Tandem keeps its data of a folder: `--data`, or a place of its own for each folder. Made, for the owner alone.
 * Inside the folder it would be shared, with the owner's key in it: throws `config-invalid`.
 */
export function dataDirOf(folder: string, given: string | undefined, machine: Machine): string {
  const dir = given === undefined ? ownDataDirOf(folder, machine) : resolve(given)
  try {
    requireOutside(folder, dir)
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK)
    const real = realpathSync(dir)
    requireOutside(folder, real)
    return real
  } catch (e) {
    if (e instanceof TandemError) throw e
    throw new TandemError(
      isFull(e) ? 'disk-full' : 'config-invalid',
      { reason: `the data folder ${dir} cannot be used: ${messageOf(e)}` },
      e,
    )
  }
}

/** Where the data of a folder lies unless somebody said otherwise; nothing is made. `folder` is a real path. */
export function ownDataDirOf(folder: string, { env, home }: Machine): string {
  const mark = createHash('sha256').update(folder).digest('hex').slice(0, 12)
  return join(env.XDG_DATA_HOME || join(home, '.local', 'share'), 'tandem', mark)
}

function requireOutside(folder: string, dir: string): void {
  if (!`${dir}/`.startsWith(`${folder}/`)) return
  const reason = `the data folder ${dir} is inside the folder that is shared: choose another with --data`
  throw new TandemError('config-invalid', { reason })
}

/** Throws `disk-full` where one of the places has hardly any space left. */
export function checkSpace(places: readonly string[], free: (place: string) => number = freeBytes): void {
  for (const place of places) {
    const left = free(place)
    if (left >= leastFreeBytes) continue
    const reason = `there is no space left on the disk of ${place} (${Math.floor(left / 2 ** 20)} MB free, 64 MB needed)`
    throw new TandemError('disk-full', { reason })
  }
}

/** Bytes that are free at a place, for us. */
export function freeBytes(place: string): number {
  const { bavail, bsize } = statfsSync(place)
  return bavail * bsize
}

/** The owner's API key: made once, kept readable for the owner alone, so that the page's address survives restarts. */
export async function ownerKey(dataDir: string): Promise<string> {
  const file = join(dataDir, 'owner.key')
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ENOENT') throw e
  }
  // Loaded only where a key has to be made: the server's code is large.
  const { createApiKey } = await import('@tandem/server')
  const key = createApiKey()
  writeFileSync(file, key + '\n', { mode: 0o600, flag: 'wx' })
  return key
}

/** What the workspace is called where nobody said. */
export const nameOf = (folder: string): string => basename(folder).slice(0, 80) || 'workspace'

const isFull = (e: unknown) => ['ENOSPC', 'EDQUOT'].includes((e as NodeJS.ErrnoException).code ?? '')
