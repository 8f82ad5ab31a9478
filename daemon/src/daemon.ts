import { constants } from 'node:fs'
import { access, mkdir, readFile, realpath, stat, writeFile } from 'node:fs/promises'
import { arch, hostname, platform, release } from 'node:os'
import { join } from 'node:path'
import {
  backoffMs,
  createId,
  Id,
  isTandemError,
  messageOf,
  systemClock,
  TandemError,
  version,
  wait,
  type Clock,
  type Log,
  type Settings,
} from '@tandem/shared'
import type { DaemonAbout, MirrorState } from '@tandem/shared/docs'
import { defaultPolicy, type Policy } from './sandbox/policy.ts'
import { originOf } from './link/reach.ts'
import { folderMark } from './disk/folder-mark.ts'
import { lockFolder } from './disk/lock.ts'
import { runSession } from './session.ts'

export type DaemonOptions = {
  /** `server` and `token` (an API key) must be given. */
  settings: Settings
  folder: string
  /** The daemon keeps everything in `<dataDir>/daemon`. */
  dataDir: string
  log: Log
  clock?: Clock
  /** The machine's environment, of which commands get little. */
  environment?: NodeJS.ProcessEnv
  onProgress?: (state: MirrorState) => void
  /** Aborts when nothing more is to be begun; what runs goes on. */
  drain?: AbortSignal
  /** What tasks may do here; the default policy where none is given. */
  policy?: Policy
}

export type RunningDaemon = {
  daemonId: Id
  /** Resolves at the first connection. */
  connected: Promise<void>
  /** Resolves when folder and documents are the same for the first time. */
  ready: Promise<void>
  /** Settles when everything has stopped: by the signal, or rejecting by what cannot be mended by waiting. */
  closed: Promise<void>
}

/**
 * Serves a folder to a server until the signal aborts. Throws `folder-unreadable`, `folder-served` or `config-invalid`;
 * a server that is not there yet is waited for. A key it does not know ends it (`closed` rejects), and so does another
 * daemon that serves the workspace, but not once this one has served it: then it waits until it is free again [S311].
 */
export async function startDaemon(options: DaemonOptions, signal: AbortSignal): Promise<RunningDaemon> {
  const { settings, log, clock = systemClock } = options
  const { server, token } = settings
  if (!server || !token) throw new TandemError('config-invalid', { reason: 'a daemon needs a server and an API key' })
  originOf({ server, insecure: settings.insecure })
  const folder = await openFolder(options.folder)
  const unlock = await lock(folder, clock)
  const dataDir = join(options.dataDir, 'daemon')
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    const daemonId = await ownId(dataDir, folderMark(folder))
    const about = aboutOf(daemonId, folder, settings)
    const [connected, ready] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const common = {
      about,
      apiKey: token,
      server,
      folder,
      dataDir,
      settings,
      log,
      clock,
      environment: options.environment ?? {},
      policy: options.policy ?? defaultPolicy,
      drain: options.drain ?? new AbortController().signal,
    }
    const session = () =>
      runSession(
        { ...common, onConnected: connected.resolve, onReady: ready.resolve, onProgress: options.onProgress },
        signal,
      )
    let hasServed = false
    void connected.promise.then(() => (hasServed = true)).catch(() => {}) // told to whoever waits
    const closed = (async () => {
      try {
        await untilStopped(session, { hasServed: () => hasServed, clock, log, signal })
      } catch (e) {
        connected.reject(e)
        ready.reject(e)
        throw e
      } finally {
        await unlock()
      }
    })()
    // Whoever waits for one of them need not wait for the others.
    for (const promise of [connected.promise, ready.promise, closed]) promise.catch(() => {})
    return { daemonId, connected: connected.promise, ready: ready.promise, closed }
  } catch (e) {
    await unlock()
    throw e
  }
}

/** Runs sessions one after the other: a server that is away, or that was created anew, makes the next one. */
async function untilStopped(
  session: () => Promise<void>,
  { hasServed, clock, log, signal }: { hasServed: () => boolean; clock: Clock; log: Log; signal: AbortSignal },
): Promise<void> {
  let told: string | undefined
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await session()
      attempt = 0
    } catch (e) {
      if (signal.aborted) return
      const displaced = isTandemError(e, 'workspace-served') && hasServed()
      const passes =
        displaced ||
        isTandemError(e, 'offline') ||
        isTandemError(e, 'epoch-changed') ||
        isTandemError(e, 'going-away') ||
        isTandemError(e, 'store-failed') ||
        isTandemError(e, 'disk-full')
      if (!passes) throw e
      // Once, and again where it is told who it is, or that it is another.
      const reason = displaced ? messageOf(e) : undefined
      if (reason !== undefined && reason !== told) log.warn('another daemon has taken over: waiting', { reason })
      told = reason
      const inMs = backoffMs(attempt, { maxMs: 10_000, ...(displaced && { fastAttempts: Infinity }) })
      log.info('session ended', { error: e, retryMs: inMs })
      await wait(clock, inMs, signal).catch(() => {})
    }
  }
}

async function openFolder(given: string): Promise<string> {
  try {
    const folder = await realpath(given)
    if (!(await stat(folder)).isDirectory())
      throw new TandemError('folder-unreadable', { reason: 'this is not a folder', folder })
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    return folder
  } catch (e) {
    if (isTandemError(e)) throw e
    throw new TandemError('folder-unreadable', { reason: 'the folder cannot be read and written', folder: given }, e)
  }
}

async function lock(folder: string, clock: Clock): Promise<() => Promise<void>> {
  try {
    return await lockFolder(folder, clock)
  } catch (e) {
    if (isTandemError(e)) throw e
    throw new TandemError('folder-unreadable', { reason: 'the folder cannot be written', folder }, e)
  }
}

/**
 * Made once and kept with the daemon's data, for this folder. A copy of that data with a copy of the folder is another
 * daemon: with the same id, neither the server nor anybody else could tell the two apart.
 */
async function ownId(dataDir: string, mark: string): Promise<Id> {
  const file = join(dataDir, 'id')
  const [id, of] = (await readFile(file, 'utf8').catch(() => '')).split('\n')
  const known = Id.safeParse(id)
  if (known.success && (!of || of === mark)) return known.data
  const fresh = createId()
  await writeFile(file, `${fresh}\n${mark}\n`, { mode: 0o600 })
  return fresh
}

const aboutOf = (id: Id, folder: string, { name, slots }: Settings): Omit<DaemonAbout, 'bootId'> => ({
  v: 1,
  id,
  name: (name ?? hostname()).slice(0, 80),
  version,
  os: `${platform()} ${release()}`,
  arch: arch(),
  folder,
  slots,
  capabilities: ['command'],
})
