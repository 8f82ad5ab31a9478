import { join } from 'node:path'
import { createId, TandemError, type Clock, type Log, type Settings } from '@tandem/shared'
import { openDaemon, openOps, type DaemonAbout, type MirrorState } from '@tandem/shared/docs'
import { createHead } from './git/head.ts'
import { openChannel } from './link/hello.ts'
import { hasOthers } from './link/others.ts'
import { openReach, type Reach } from './link/reach.ts'
import { startMirror } from './mirror/mirror.ts'
import { keepStatusFile } from './mirror/told/status-file.ts'
import type { Policy } from './sandbox/policy.ts'
import { openSessionFiles } from './session-files.ts'
import { openSessionLink } from './session-link.ts'
import { startSessionTasks } from './session-tasks.ts'
import { openGate } from './tasks/gate.ts'
import { hearAnswers, tellState } from './tell-state.ts'
import { createTogether } from './together.ts'

export type SessionOptions = {
  about: Omit<DaemonAbout, 'bootId'>
  apiKey: string
  server: string
  folder: string
  /** The daemon's own folder. */
  dataDir: string
  settings: Settings
  environment: NodeJS.ProcessEnv
  policy: Policy
  /** Aborts when nothing more is to be begun; what runs goes on. */
  drain: AbortSignal
  clock: Clock
  log: Log
  onConnected: () => void
  onReady: () => void
  onProgress: ((state: MirrorState) => void) | undefined
}

/**
 * One life with one server's data, through any number of lost connections: link, mirror and tasks put together. Settles
 * when the signal aborts and everything has stopped; rejects where only a new session helps (`epoch-changed`), or nothing.
 */
export async function runSession(options: SessionOptions, signal: AbortSignal): Promise<void> {
  const { server, settings } = options
  const reach = await openReach({ server, tlsCa: settings.tlsCa, insecure: settings.insecure })
  try {
    await serve(options, reach, signal)
  } finally {
    await reach.close()
  }
}

async function serve(options: SessionOptions, reach: Reach, signal: AbortSignal): Promise<void> {
  const { folder, dataDir, apiKey, policy, settings, environment, clock, log } = options
  // A boot of its own: what the session before was granted and never reported is given up, not started a second time.
  const about: DaemonAbout = { ...options.about, bootId: createId() }
  const failed = new AbortController()
  const stopping = AbortSignal.any([signal, failed.signal])
  const fail = (e: Error) => failed.abort(e)
  const link = await openSessionLink({ reach, about, apiKey, settings, clock, log, fail })
  const { documents, place } = link
  // The daemon's own document comes first, and on it the hello.
  const self = documents.attach({ kind: 'daemon', daemonId: about.id })
  const [index, tasksDoc, opsDoc] = [
    documents.attach({ kind: 'files' }),
    documents.attach({ kind: 'tasks', rotation: 0 }),
    documents.attach({ kind: 'ops' }),
  ]
  const together = createTogether(() => fail(new TandemError('going-away')))
  try {
    await Promise.race([self.synced(stopping), rejected(stopping)])
    options.onConnected()
    const daemon = openDaemon(self.doc)
    daemon.set('about', about)
    const channel = openChannel(self, log)
    const ops = openOps(opsDoc.doc)
    const { workspace, writers, tree } = openSessionFiles({
      ...{ link, daemonId: about.id, self, channel, index, policy, settings, clock, log },
      hasOthers: () => settings.shared && hasOthers(ops.daemons, about.id, clock),
    })
    const starting = startMirror(
      {
        folder,
        stateDir: join(dataDir, 'mirror'),
        workspace,
        clock,
        log,
        maxTextBytes: settings.maxTextBytes,
        maxBlobBytes: settings.maxBlobBytes,
        committed: createHead({ folder, environment, clock, log, signal: stopping }),
        docIdleMs: settings.docIdleMs,
        polling: settings.polling,
        watcher: settings.watcher,
      },
      stopping,
    )
    // Trying the sandbox's walls takes a moment; the mirror need not wait for it.
    const gate = openGate({
      workspace: folder,
      history: place.epoch,
      policy,
      environment,
      unsafe: settings.unsafeNoSandbox,
      project: {
        tree,
        barriers: {
          flush: async () => (await starting).flush(),
          settle: async () => (await starting).settle(),
        },
        begin: writers.begin,
      },
      bootId: about.bootId,
      clock,
      log,
      signal: stopping,
    })
    gate.catch(() => {})
    const mirror = await starting
    together.add(mirror.closed)
    const endHearing = hearAnswers({ daemonId: about.id, answers: ops.answers, mirror })
    const endTelling = tellState({ daemon, mirror, isReady: index.isSynced, onProgress: options.onProgress, clock })
    const endStatus = keepStatusFile({ daemonDir: dataDir, mirror, files: workspace.files, clock, log })
    void mirror.live.then(options.onReady)
    const endHello = await startSessionTasks(
      { ...options, about, link, self, daemon, channel, tasksDoc, ops, mirror, writers, gate, together },
      stopping,
    )
    try {
      await together.all()
    } finally {
      endHello()
      endHearing()
      endTelling()
      await endStatus()
    }
  } finally {
    await together.stop()
    await link.close(signal.aborted)
  }
  if (!signal.aborted && failed.signal.aborted) throw failed.signal.reason
}

const rejected = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
