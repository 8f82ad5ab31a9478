import path from 'node:path'
import { getRequestListener } from '@hono/node-server'
import {
  TandemError,
  aborted,
  createId,
  systemClock,
  version,
  type Clock,
  type HoldsLease,
  type Id,
  type Log,
  type Settings,
} from '@tandem/shared'
import { openCertificate } from './auth/certificate.ts'
import { openDaemonLease } from './auth/daemon-lease.ts'
import { createOidc } from './auth/oidc.ts'
import { openAuth } from './auth/open.ts'
import { createOriginCheck, requireSafeBinding } from './auth/origin.ts'
import type { AuthTable } from './auth/table.ts'
import { openHistory } from './history/history.ts'
import { createPeople } from './history/people.ts'
import { createFileMessages } from './http/file-messages.ts'
import { createFileVerbs } from './http/file-verbs.ts'
import { createRouter } from './http/router.ts'
import { createStreams } from './http/stream.ts'
import { createListener } from './listen.ts'
import { runDroppingSealed } from './services/drop-sealed.ts'
import { runRetention } from './services/retain.ts'
import { runTidying } from './services/tidy.ts'
import { openRefereeService } from './services/run-referee.ts'
import { createTerminals } from './services/terminals.ts'
import { openAudit } from './store/audit.ts'
import type { BlobStore } from './store/blobs.ts'
import { openFolderBlobs } from './store/blobs-folder.ts'
import { openLevelStore } from './store/level.ts'
import { openLog, type UpdateLog } from './store/log.ts'
import { createRefusals } from './store/refusals.ts'
import type { Store, Table } from './store/store.ts'
import { openWorkspace } from './store/workspace.ts'
import { createAnnouncer } from './sync/announce.ts'
import { createDocuments } from './sync/documents.ts'
import { createDoors } from './sync/doors.ts'
import { createEngine } from './sync/hocuspocus.ts'
import type { Refused } from './sync/doors.ts'
import { createIdle } from './sync/idle.ts'
import { runPulse } from './sync/pulse.ts'
import { close } from './sync/socket.ts'
import { acceptSockets } from './sync/upgrade.ts'

export { createApiKey } from './auth/api-keys.ts'

export type ServerOptions = {
  settings: Settings
  /** The server keeps everything in `<dataDir>/server`. */
  dataDir: string
  /** The built client; a plain page tells where it is missing. */
  clientDir?: string
  /** The owner's API key (`createApiKey`). */
  ownerKey: string
  workspaceName: string
  log: Log
  clock?: Clock
  /** For tests: a store of their own instead of the one in `dataDir`. */
  store?: Store
}

export type RunningServer = {
  port: number
  /** Such as `http://127.0.0.1:4310`: reaches it from this machine. */
  url: string
  /** What people open, where it is another. */
  publicUrl: string
  workspaceId: Id
  /** Settles when everything is on disk and closed, after the signal aborted. */
  closed: Promise<void>
}

/**
 * Starts a server for one workspace and runs it until the signal aborts. Throws `config-invalid`, `store-locked`,
 * `store-corrupt`, `store-newer` or `port-busy`, each with a sentence for the person at the terminal.
 */
export async function startServer(options: ServerOptions, signal: AbortSignal): Promise<RunningServer> {
  const { settings, dataDir, clientDir, ownerKey, workspaceName, log, clock = systemClock } = options
  requireSafeBinding(settings)
  const certificate = openCertificate(settings, { clock, log })
  const oidc = createOidc(settings, clock)
  const store = options.store ?? (await openLevelStore(path.join(dataDir, 'server'), { clock, log }))
  const opened: (() => Promise<void>)[] = [() => store.close()]
  const stopping = new AbortController()
  try {
    const workspace = await openWorkspace(store, workspaceName, clock)
    const place = { workspaceId: workspace.id, epoch: workspace.epoch }
    const updates = await openLog({ store, settings, log, clock })
    opened.unshift(() => updates.close())
    const auth = await openAuth({
      table: tableOf(updates),
      workspaceId: workspace.id,
      ownerId: workspace.ownerId,
      ownerKey,
      settings,
      clock,
    })
    const { tokens, access, members } = auth
    const blobs: BlobStore = await openFolderBlobs(path.join(dataDir, 'server', 'blobs'))
    const outputs = await openFolderBlobs(path.join(dataDir, 'server', 'outputs'), {
      maxBytes: settings.maxOutputsBytes,
    })
    const lease = await openDaemonLease({ table: tableOf(updates)('daemons'), leaseMs: settings.leaseMs, clock })
    const audit = await openAudit(updates, updates, clock)
    const checkOrigin = createOriginCheck(settings, certificate)
    const refusals = createRefusals({ audit, clock, log, signal: stopping.signal })
    const onRefused = ({ principal = '', ...facts }: Refused) =>
      refusals.add(facts.name === undefined ? 'socket' : 'document', {
        actor: principal,
        object: facts.name ?? '',
        details: facts,
      })

    // Who may write a task's log only the referee knows, and it opens documents itself: asked once everything is up.
    const holdsLease: HoldsLease = (...attempt) => service.holdsLease(...attempt)
    const idle = createIdle(settings.docIdleMs, clock)
    const doors = createDoors({
      place,
      tokens,
      access,
      serves: lease.holds,
      holdsLease,
      writable: () => updates.failure() === undefined,
      maxDocsPerConnection: settings.maxDocsPerConnection,
      maxConnectionsPerPerson: settings.maxConnectionsPerPerson,
      connectionsOf: (principal) =>
        [...sockets.sockets.values()].filter(({ who }) => who?.claims.principal === principal).length,
      clock,
    })
    const engine = createEngine({
      place,
      serverId: workspace.serverId,
      updates,
      doors,
      daemons: {
        onMessage: (daemonId, message) => {
          if (message.t === 'hello') lease.renew(daemonId)
          return service.referee.onMessage(daemonId, message)
        },
        onConnected: (daemonId, name) => {
          lease.connected(daemonId)
          return service.referee.onConnected(daemonId, name)
        },
        onGone: (daemonId) => {
          lease.gone(daemonId)
          return service.referee.onGone(daemonId)
        },
      },
      settings,
      log,
      onLoaded: idle.loaded,
      onOps: (connection) => announcer.greet(connection),
      onRefused,
      onAsk: async (...asked) => terminals(...asked) ?? fileMessages(...asked),
    })
    const documents = createDocuments({ engine, updates, place, settings, log })
    const announcer = createAnnouncer({ updates, documents, generation: workspace.generation, clock })

    const service = await openRefereeService({
      workspace,
      documents,
      updates,
      store: updates,
      members,
      audit,
      refusals,
      settings,
      clock,
      log,
    })

    const history = await openHistory({
      store: updates,
      updates,
      blobs,
      ground: documents,
      people: createPeople({ serverId: workspace.serverId, ...auth }),
      serverId: workspace.serverId,
      maxTextBytes: settings.maxTextBytes,
      clock,
      log,
    })
    /** Known once we listen; nobody asks before. */
    let pageAddress = ''
    const verbs = createFileVerbs({ documents, updates, blobs, settings, clock })
    const fileMessages = createFileMessages({ verbs, readOnly: doors.readOnly, log })
    const terminals = createTerminals({
      tasks: service.tasks,
      mayType: (claims, at) => !doors.readOnly({ kind: 'tty', ...at }, claims),
      tell: (daemonId, message) => documents.tell({ kind: 'daemon', daemonId }, daemonId, JSON.stringify(message)),
      audit: audit.add,
    })
    const router = createRouter({
      workspace,
      settings,
      updates,
      blobs,
      outputs,
      documents,
      verbs,
      ...auth,
      lease,
      oidc,
      requests: service,
      history,
      audit,
      refusals,
      checkOrigin,
      sockets: () => sockets.sockets.values(),
      publicUrl: () => pageAddress,
      clientDir,
      session: createId(),
      clock,
      log,
      version,
      signal: stopping.signal,
      streams: createStreams(settings.maxConnectionsPerPerson),
    })
    const listener = getRequestListener(router.fetch)
    const door = createListener((request, response) => void listener(request, response), settings, certificate)
    const sockets = acceptSockets({
      http: door.http,
      engine,
      updates,
      place,
      settings,
      checkOrigin,
      clock,
      log,
      onRefused,
    })
    const recheck = () => {
      for (const socket of [...sockets.sockets.values()]) doors.recheck(socket)
    }
    lease.onChange(recheck)
    access.onChange(() => {
      recheck()
      service.showMembers().catch((error: unknown) => log.warn('members not shown', { error }))
    })
    await service.showMembers()
    updates.onState((failure) => {
      // Either way clients must come anew: to keep what was not acknowledged, or to be allowed to write again.
      sockets.closeAll(failure ? close.failed : close.reset, failure ? 'store-failed' : 'store works again')
    })
    const pulse = runPulse({ sockets: sockets.sockets, idle, engine, settings, clock, log }, stopping.signal)
    const refereeing = service.run(stopping.signal)
    const retention = runRetention({ history, settings, clock, log }, stopping.signal)
    const tidying = runTidying(
      { updates, blobs, outputs, documents, tasks: service.tasks, clock, log },
      stopping.signal,
    )
    const dropping = runDroppingSealed(
      { tasks: service.tasks, updates, documents, outputs, clock, log },
      stopping.signal,
    )
    const { port, url, publicUrl } = await door.open()
    pageAddress = publicUrl
    log.info('server ready', { url, publicUrl, workspace: workspace.id, seq: updates.head() })

    const closed = (async () => {
      await aborted(signal)
      log.info('server stopping')
      const terminate = sockets.stop()
      stopping.abort(new TandemError('going-away'))
      announcer.stop()
      await door.close(terminate)
      await Promise.all([pulse, refereeing, retention, tidying, dropping])
      engine.flushPendingStores()
      for (const end of opened) await end()
      log.info('server stopped')
    })()
    return { port, url, publicUrl, workspaceId: workspace.id, closed }
  } catch (e) {
    stopping.abort(new TandemError('going-away'))
    for (const end of opened) await end().catch((error: unknown) => log.warn('not closed', { error }))
    throw e
  }
}

/** Auth's records, written in the log's order and batches. */
const tableOf =
  (updates: UpdateLog) =>
  (table: Table): AuthTable => ({
    read: (key) => updates.read(table, key),
    list: () => updates.list(table),
    write: (key, value) => updates.write([{ t: 'record', table, key, value }]),
  })
