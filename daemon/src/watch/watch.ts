import { dirname } from 'node:path'
import type { Clock, Log } from '@tandem/shared'
import { openOwnFolder } from '../disk/own-folder.ts'
import { forgetBelow, type BackendName, type Trouble } from './backend.ts'
import type { Told } from './gather.ts'
import { pulseFile, startPulse } from './pulse.ts'
import { startHere, startThread, type Host, type StartHost } from './watch-host.ts'
import type { FromWatching, ToWatching } from './watching.ts'

/** Where something may have changed. Events are hints: they may be late, doubled or lost. */
export type Watch = {
  /** Watches one directory (not what is below it); a second call does nothing. */
  add(dir: string): void
  /** A scan has added all there is. After the first of these, it is asked to look again at what changed meanwhile. */
  scanned(): void
  /** Whether all that was added is watched; else only scans tell. */
  complete(): boolean
  /** Resolves once its thread is gone. */
  close(): Promise<void>
}

export type WatchOptions = {
  root: string
  backend: BackendName
  clock: Clock
  log: Log
  onTold: (told: Told) => void
  /** Something may have been missed: everything is to be looked at. */
  onGap: () => void
  /** Whether it is complete may have changed; with what keeps it from that, where it is worth saying. */
  onState: (trouble: Trouble | undefined) => void
}

const [firstRestMs, longestRestMs] = [100, 30_000]
/** Who lived so long begins anew with short rests. */
const provenMs = 60_000
/** So many deaths one after the other are worth telling. */
const lastingFailures = 3
/** Watches that the system refused are asked for again this often: somebody may have raised its limit. */
const refusedMs = 10_000
/** A watcher that does not end by itself by then is ended. */
const patienceMs = 2_000
/** Git's own list of what is left out, not shared itself. */
const besides = [dirname(pulseFile), '.git/info']

/**
 * Watches by a thread of its own, so that nothing is lost while the daemon is busy. A thread that dies, breaks or goes
 * deaf is replaced; all of it was hints only, so a look at everything makes good what was missed.
 */
export function openWatch(
  { root, backend, clock, log, onTold, onGap, onState }: WatchOptions,
  startHost: StartHost = backend === 'parcel' ? startHere : startThread,
): Watch {
  const dirs = new Set<string>()
  let fresh: string[] = []
  let host: Host | undefined
  let [isReady, isScanned] = [false, false]
  let trouble: Trouble | undefined
  let isClosed = false
  let failures = 0
  let cancel = () => {}
  let ended = Promise.withResolvers<void>()

  const say = (message: ToWatching) => host?.send(message)
  const tell = (now: Trouble | undefined) => {
    const before = trouble
    // Some say so for each file.
    if (now?.kind === 'limit' && before?.kind === 'limit') return
    trouble = now
    if (now && now.kind !== before?.kind) log.warn('mirror watcher in trouble', { backend, ...now })
    // One that is there again in a moment is nobody's concern.
    onState(now?.kind === 'broken' && failures < lastingFailures ? undefined : now)
    if (now?.kind === 'limit') askAgain()
  }
  const askAgain = () =>
    clock.after(refusedMs, () => {
      if (isClosed || trouble?.kind !== 'limit') return
      say({ t: 'add', dirs: [] })
      askAgain()
    })
  const take = (message: FromWatching) => {
    if (message.t === 'pulse') return pulse.heard()
    if (message.t === 'told') {
      say({ t: 'free' })
      // A directory that came anew is watched anew, once a scan has met it.
      if (message.told.storm) dirs.clear()
      else for (const path of message.told.paths) forgetBelow(dirs, path)
      return onTold(message.told)
    }
    if (message.t === 'ready') {
      isReady = true
      if (trouble?.kind !== 'limit') tell(undefined)
      // What changed between the first look at it and its watch.
      return onGap()
    }
    tell(message.trouble)
    if (message.trouble?.kind === 'broken') host?.kill()
  }
  const start = () => {
    const since = clock.now()
    const mine: Host = startHost(
      { root, backend, pulse: pulseFile },
      {
        onMessage: (message) => mine === host && take(message),
        onEnd: (reason) => {
          if (mine !== host) return
          ;[host, isReady] = [undefined, false]
          ended.resolve()
          if (isClosed) return
          failures = clock.now() - since > provenMs ? 1 : failures + 1
          tell({ kind: 'broken', reason })
          cancel = clock.after(Math.min(longestRestMs, firstRestMs * 2 ** (failures - 1)), start)
        },
      },
    )
    host = mine
    ended = Promise.withResolvers()
    say({ t: 'add', dirs: [...besides, ...dirs] })
    if (isScanned) say({ t: 'mark' })
  }
  const pulse = startPulse({
    root,
    clock,
    // Without watches enough it may well be its own file that is not watched.
    isListening: () => isReady && trouble === undefined,
    onDeaf: () => {
      log.warn('mirror watcher is deaf', { backend })
      host?.kill()
    },
  })
  start()
  // In a folder that is new to us its place is made first. Where it cannot be, the mirror says why.
  void openOwnFolder(root, 'tmp').then(
    () => say({ t: 'add', dirs: besides }),
    () => {},
  )
  return {
    add: (dir) => {
      if (dirs.has(dir)) return
      dirs.add(dir)
      fresh.push(dir)
      if (fresh.length > 1) return
      clock.after(0, () => {
        say({ t: 'add', dirs: fresh })
        fresh = []
      })
    },
    scanned: () => {
      if (isScanned) return
      isScanned = true
      clock.after(0, () => say({ t: 'mark' }))
    },
    complete: () => isReady && trouble === undefined,
    close: async () => {
      isClosed = true
      pulse.stop()
      cancel()
      if (!host) return
      say({ t: 'close' })
      const stop = clock.after(patienceMs, () => host?.kill())
      await ended.promise
      stop()
    },
  }
}
