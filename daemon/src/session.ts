import { join } from 'node:path'
import {
  createId,
  FindAnswer,
  isTandemError,
  protocolVersion,
  TandemError,
  type Clock,
  type DocPlace,
  type ErrorCode,
  type Log,
  type Settings,
} from '@tandem/shared'
import { openDaemon, openOps, openTasks, type DaemonAbout, type MirrorState } from '@tandem/shared/docs'
import { createHead } from './git/head.ts'
import { createBlobs } from './link/blobs.ts'
import { createBulk } from './link/bulk.ts'
import { connect, type Connection } from './link/connect.ts'
import { createDocuments } from './link/documents.ts'
import { keepSayingHello, onReturn, openChannel } from './link/hello.ts'
import { createHttp } from './link/http.ts'
import { hasOthers } from './link/others.ts'
import { persistently } from './link/persistently.ts'
import { openReach, type Reach } from './link/reach.ts'
import { createTokens, findWorkspace, leaveWorkspace } from './link/token.ts'
import { createWriters } from './link/writers.ts'
import { startMirror } from './mirror/mirror.ts'
import { keepStatusFile } from './mirror/told/status-file.ts'
import type { Policy } from './sandbox/policy.ts'
import { openGate } from './tasks/gate.ts'
import { machineTime } from './tasks/machine-time.ts'
import { createTaskRunner } from './tasks/run-tasks.ts'
import { createWatchdog } from './tasks/watchdog.ts'
import { openTaskOutputs } from './task-outputs.ts'
import { hearAnswers, tellState } from './tell-state.ts'
import { drainingOf } from './draining.ts'
import { createTogether } from './together.ts'
import { openWorkspace } from './workspace.ts'

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
  const { apiKey, settings, clock, log } = options
  // A boot of its own: what the session before was granted and never reported is given up, not started a second time.
  const about: DaemonAbout = { ...options.about, bootId: createId() }
  const http = createHttp(reach)
  const info = await findWorkspace(http, apiKey)
  const place: DocPlace = { workspaceId: info.id, epoch: info.epoch }
  const failed = new AbortController()
  const stopping = AbortSignal.any([signal, failed.signal])
  const fail = (e: Error) => failed.abort(e)
  const tokens = createTokens({
    http,
    apiKey,
    workspaceId: place.workspaceId,
    daemon: { id: about.id, name: about.name, shared: settings.shared },
    session: about.bootId,
    clock,
    onToken: ({ workspace }) => {
      if (workspace.epoch !== place.epoch) fail(new TandemError('epoch-changed'))
    },
  })
  await tokens.get()
  const call = async (route: string, init?: RequestInit) => {
    try {
      return await http.call(`/api/v1/workspaces/${place.workspaceId}${route}`, await tokens.get(), init)
    } catch (e) {
      if (e instanceof TandemError && (e.code === 'unauthorized' || e.code === 'token-expired')) tokens.forget()
      throw e
    }
  }

  const url = `${reach.origin.replace(/^http/, 'ws')}/api/ws?ws=${place.workspaceId}`
  const connection = connect({ url, WebSocket: reach.WebSocket, clock, log, deadMs: settings.deadMs })
  const documents = createDocuments({
    socket: connection.socket,
    place,
    token: async () => {
      try {
        return await tokens.get()
      } catch (e) {
        // What waiting does not mend ends the session; else all documents come again with the next connection.
        if (isTandemError(e) && !passing.has(e.code)) fail(e)
        else connection.drop('no access token')
        throw e
      }
    },
    log,
    onSynced: () => connection.sawSync(),
    onRefused: (_doc, code) => {
      if (code === 'epoch-changed') return fail(new TandemError('epoch-changed'))
      // Whoever has it now is named when the next session asks for it.
      if (code === 'workspace-served')
        return fail(new TandemError(code, { reason: 'another daemon serves this workspace now' }))
      if (code !== 'unauthorized' && code !== 'token-expired') return
      // The server does not know this token (any more): all documents come again with a fresh one.
      tokens.forget()
      connection.drop(code)
    },
  })
  const stopWatching = watchForNewHistory(connection, () => findWorkspace(http, apiKey), place, fail)
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
    // Trying the sandbox's walls takes a moment; the mirror need not wait for it.
    const opening = openGate({
      workspace: options.folder,
      history: place.epoch,
      policy: options.policy,
      environment: options.environment,
      unsafe: settings.unsafeNoSandbox,
      bootId: about.bootId,
      clock,
      log,
      signal: stopping,
    })
    opening.catch(() => {})

    const channel = openChannel(self, log)
    const ops = openOps(opsDoc.doc)
    const writers = createWriters(
      (clients, task) => channel.send({ t: 'writes-as', clients, cause: { task } }),
      () => settings.shared && hasOthers(ops.daemons, about.id, clock),
    )
    // What was said may have been lost with a connection.
    onReturn(self, writers.declareAgain)
    const persist = persistently({ clock, log })
    const workspace = openWorkspace({
      place,
      daemonId: about.id,
      documents,
      index,
      bulk: createBulk({ call: (route, init) => call(`/bulk/${route}`, init), persist }),
      blobs: createBlobs({ call, persist }),
      find: async (texts, s) => {
        const init = {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ texts }),
        }
        const answer = await persist(() => call('/history/find', { ...init, signal: s }), s)
        return FindAnswer.parse(await answer.json()).found.map(({ file }) => file)
      },
      writers,
      openFeed: (since, s) => call(`/feed${since === undefined ? '' : `?since=${since}`}`, { signal: s }),
      deadMs: settings.deadMs,
      clock,
      log,
    })
    const git = { folder: options.folder, environment: options.environment, clock, log, signal: stopping }
    const mirror = await startMirror(
      {
        folder: options.folder,
        stateDir: join(options.dataDir, 'mirror'),
        workspace,
        clock,
        log,
        maxTextBytes: settings.maxTextBytes,
        maxBlobBytes: settings.maxBlobBytes,
        committed: createHead(git),
        docIdleMs: settings.docIdleMs,
        polling: settings.polling,
        watcher: settings.watcher,
      },
      stopping,
    )
    together.add(mirror.closed)
    const endHearing = hearAnswers({ daemonId: about.id, answers: ops.answers, mirror })
    const endTelling = tellState({ daemon, mirror, isReady: index.isSynced, onProgress: options.onProgress, clock })
    const endStatus = keepStatusFile({ daemonDir: options.dataDir, mirror, files: workspace.files, clock, log })
    void mirror.live.then(options.onReady)

    const tasks = openTasks(tasksDoc.doc)
    const outputs = await openTaskOutputs(
      {
        folder: options.folder,
        dataDir: options.dataDir,
        daemonId: about.id,
        documents,
        tasks,
        call,
        send: channel.send,
        maxBlobBytes: settings.maxBlobBytes,
        hide: options.policy.sandbox.hide,
        clock,
        log,
      },
      stopping,
    )
    together.add(outputs.run(stopping))
    const gate = await opening
    daemon.set('sandbox', gate.state)
    const capabilities = [...about.capabilities, ...gate.capabilities]
    daemon.set('about', { ...about, capabilities })
    const watchdog = createWatchdog(log)
    const runner = createTaskRunner({
      daemonId: about.id,
      capabilities,
      slots: settings.slots,
      draining: drainingOf(ops.daemons, about.id, options.drain),
      tasks,
      approvals: ops.approvals,
      judge: gate.judge,
      execute: gate.execute,
      openLog: outputs.openLog,
      artifacts: outputs.artifacts,
      keep: outputs.keep,
      barriers: mirror,
      begin: writers.begin,
      send: channel.send,
      mono: machineTime,
      watchdog,
      clock,
      log,
    })
    channel.onMessage(runner.onMessage)
    const hello = () => ({
      t: 'hello' as const,
      protocol: protocolVersion,
      bootId: about.bootId,
      mono: machineTime(),
      // With none it is given nothing; also while it stops.
      slots: options.drain.aborted || stopping.aborted ? 0 : settings.slots,
      capabilities,
      sandbox: gate.state.tier,
      running: runner.held(),
      lastGrantSeq: runner.lastGrantSeq(),
    })
    channel.onMessage(({ t }) => {
      // Asked now and then [S46]: whoever reads this document sees what is so now.
      if (t === 'status-request') {
        daemon.set('about', { ...about, capabilities })
        channel.send(hello())
      }
    })
    const sayHello = () => {
      if (self.isSynced()) channel.send(hello())
    }
    for (const signal of [options.drain, stopping]) signal.addEventListener('abort', sayHello, { once: true })
    together.add(keepSayingHello({ attached: self, channel, hello, everyMs: settings.helloMs, clock }, stopping))
    together.add(runner.run(stopping).finally(watchdog.close))
    try {
      await together.all()
    } finally {
      for (const signal of [options.drain, stopping]) signal.removeEventListener('abort', sayHello)
      endHearing()
      endTelling()
      await endStatus()
    }
  } finally {
    await together.stop()
    stopWatching()
    documents.close()
    connection.close()
    // For good: others need not wait until the silence is long enough.
    if (signal.aborted) await leaveWorkspace(http, apiKey, place.workspaceId, about.id)
  }
  if (!signal.aborted && failed.signal.aborted) throw failed.signal.reason
}

/** Refusals of a token that pass by themselves. */
const passing = new Set<ErrorCode>(['offline', 'going-away', 'rate-limited', 'store-failed', 'disk-full', 'internal'])

/** Behind a connection that fails there may be a server whose data was made anew: then only a new session helps. */
function watchForNewHistory(
  connection: Connection,
  find: () => Promise<{ id: string; epoch: string }>,
  place: DocPlace,
  fail: (e: Error) => void,
): () => void {
  let asking = false
  return connection.state.subscribe(() => {
    if (asking || connection.state.snapshot().at !== 'offline') return
    asking = true
    void look().finally(() => (asking = false))
  })
  async function look() {
    try {
      const now = await find()
      if (now.id !== place.workspaceId || now.epoch !== place.epoch) {
        fail(new TandemError('epoch-changed', { reason: 'the server’s data was made anew' }))
      }
    } catch {
      // Not there either: the connection is tried again as it is.
    }
  }
}

const rejected = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
