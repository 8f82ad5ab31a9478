import {
  type Clock,
  docPath,
  type DocRef,
  type Log,
  mayWrite,
  parseMessage,
  ToEveryone,
  type AccessToken,
} from '@tandem/shared'
import { mapView, openFiles, openOps, openRequests, openTasks, type View } from '@tandem/shared/docs'
import { createAuthorHues } from './author-hues.ts'
import { createAuthors } from './authors.ts'
import { connect, type LinkState } from './connect.ts'
import { createHistory } from './history.ts'
import { mergeViews } from './merge-views.ts'
import { openDoc } from './open-doc.ts'
import { databaseName, openPersist } from './persist.ts'
import { openPeers } from './peers.ts'
import { createRegistry, type Totals } from './registry.ts'
import { leftBehind } from './rescue.ts'
import { createRescuer } from './rescuer.ts'
import { chooseName, remember } from './start.ts'
import { createState } from './state.ts'
import { syncStatus, type SyncStatus } from './sync-status.ts'
import { openTabsBridge } from './tabs-bridge.ts'
import { createTokens, type SignInState } from './token.ts'
import { askWhyTurnedAway } from './turned-away.ts'

/** How often what a closed tab left unsent is looked for. */
const sweepMs = 5_000
/** How often a signed-out page looks whether it is let in again: by an invite, or in another tab. */
const lookAgainMs = 15_000

/** What the server last said of the workspace as a whole. */
export type ServerWords = { seq: number | undefined; writable: boolean; reason: string | undefined }

type Options = { first: SignInState; token: AccessToken | undefined; clock: Clock; log: Log; signal: AbortSignal }

/** Everything a tab shares with one workspace. One a tab; ends with the signal. */
export function openSession({ first, token, clock, log, signal }: Options) {
  const place = { workspaceId: first.workspace.id, epoch: first.claims.epoch }
  const tokens = createTokens({ first, token, clock, log })
  const persist = openPersist(databaseName(place.workspaceId, place.epoch), log)
  // Outputs of tasks, which pages of an older version kept on the device.
  void persist.forget('log/')
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  const link = connect(`${scheme}://${location.host}/api/ws?ws=${place.workspaceId}`, clock, signal)
  const words = createState<ServerWords>({ seq: first.workspace.seq, writable: true, reason: undefined })

  const bridge = openTabsBridge(databaseName(place.workspaceId, place.epoch), (message) => {
    if (message.t === 'update') registry.get(message.doc)?.receive(message.update, message.live)
    persist.recount()
  })
  const registry = createRegistry(clock, (ref) =>
    openDoc(ref, {
      socket: link.socket,
      place,
      token: tokens,
      persist,
      tell: (doc, update, live) => bridge.post({ t: 'update', doc, update, live }),
      mayWrite: (doc) => mayWrite(doc, tokens.state.snapshot().claims, () => false),
      clock,
      log,
    }),
  )

  const rescue = createRescuer({
    place,
    persist,
    live: { names: registry.unsent, get: (name) => registry.get(name)?.doc },
    restart: () => location.reload(),
    clock,
    log,
  })

  const { principal, session } = first.claims
  const handles = {
    files: registry.open({ kind: 'files' }),
    ops: registry.open({ kind: 'ops' }),
    tasks: registry.open({ kind: 'tasks', rotation: 0 }),
    requests: registry.open({ kind: 'requests', principal, session }),
    presence: registry.open({ kind: 'presence' }),
  }
  handles.ops.onStateless((payload) => {
    const parsed = parseMessage(ToEveryone, payload)
    if (!('message' in parsed)) return
    const { message } = parsed
    if (message.t === 'version') words.patch({ seq: message.seq })
    if (message.t === 'store') words.patch({ writable: message.writable, reason: message.reason })
    if (message.t === 'error') log.warn('the server reports', { code: message.code, message: message.message })
  })

  const facts = mergeViews([link.state, persist.state, registry.totals, tokens.state, words])
  const status: View<SyncStatus> = mapView(facts, () =>
    syncStatus({
      link: link.state.snapshot(),
      storage: persist.state.snapshot(),
      totals: registry.totals.snapshot(),
      signedOut: tokens.state.snapshot().signedOut,
      writable: words.snapshot().writable,
    }),
  )

  tokens.state.subscribe(() => {
    const { claims, workspace } = tokens.state.snapshot()
    // The server's data was made anew: this page's documents belong to a history that is over.
    if (claims.epoch !== place.epoch) {
      rescue.need('epoch-changed')
      link.socket.disconnect()
    } else remember(claims, workspace)
  })
  // Who is signed out is not let in by trying again and again: the socket rests until there is a token.
  let looking = false
  const restWhileSignedOut = () => {
    if (looking || signal.aborted || !tokens.state.snapshot().signedOut) return
    looking = true
    link.socket.disconnect()
    clock.after(lookAgainMs, () => {
      looking = false
      tokens.discard()
      tokens.get().then(() => signal.aborted || void link.socket.connect(), restWhileSignedOut)
    })
  }
  tokens.state.subscribe(restWhileSignedOut)
  restWhileSignedOut()
  askWhyTurnedAway({ link: link.state, tokens, clock, signal })
  if (token) remember(token.claims, token.workspace)
  const ops = openOps(handles.ops.doc)
  // A role that an owner changed is in the list of members before it is in our token.
  ops.members.subscribe(() => queueMicrotask(noticeRole))
  function noticeRole() {
    const role = ops.members.get(principal)?.role
    if (role === undefined || role === tokens.state.snapshot().claims.role) return
    tokens.discard()
    void tokens.get().catch(() => {}) // Logged there; the next connection asks anew.
  }
  registry.totals.subscribe(() => {
    if (registry.totals.snapshot().diverged.length > 0) rescue.need('diverged')
  })
  // Only when the server has said which epoch is the newest.
  if (token) void leftBehind(place, log).then((unsent) => unsent && rescue.need('old-epoch'))

  // What an earlier visit, or a tab that is gone, left unsent: opened, sent, and let go.
  const sweep = async () => {
    if (link.state.snapshot().phase === 'connected' && persist.state.snapshot().waiting > 0) {
      for (const [doc, { update, keys }] of await persist.outbox()) registry.adopt(doc, update, keys)
    }
    if (!signal.aborted) clock.after(sweepMs, () => void sweep())
  }
  void sweep()
  // Asked for once there is something to lose, since some browsers ask the person.
  const stopAsking = persist.state.subscribe(() => {
    if (persist.state.snapshot().waiting === 0) return
    stopAsking()
    void navigator.storage?.persist?.().catch(() => {}) // Refused: the browser may clear us when short of space.
  })

  const history = createHistory(place.workspaceId)
  const peers = openPeers(handles.presence.provider, tokens.state)

  signal.addEventListener('abort', () => {
    registry.close()
    bridge.close()
    persist.close()
  })

  return {
    place,
    clock,
    log,
    /** Who we are and which workspace this is. */
    identity: tokens.state as View<SignInState>,
    link: link.state as View<LinkState>,
    storage: persist.state,
    totals: registry.totals as View<Totals>,
    status,
    words: words as View<ServerWords>,
    rescue,
    files: openFiles(handles.files.doc),
    filesState: handles.files.state,
    ops,
    opsState: handles.ops.state,
    tasks: openTasks(handles.tasks.doc),
    tasksState: handles.tasks.state,
    requests: openRequests(handles.requests.doc),
    peers,
    history,
    authors: createAuthors({ ask: history.authors, clock, log }),
    hueOf: createAuthorHues(peers, () => tokens.state.snapshot().claims.principal),
    open: (ref: DocRef) => registry.open(ref),
    /** A document that is open already. */
    peek: (ref: DocRef) => registry.get(docPath(ref))?.doc,
    /** The server's time, ms. */
    serverNow: () => clock.now() + tokens.state.snapshot().serverAheadMs,
    /** From now on others see this name. */
    rename: (name: string) => {
      chooseName(name)
      tokens.rename(name)
      link.socket.webSocket?.close()
    },
    reconnect: link.retry,
  }
}

export type Session = ReturnType<typeof openSession>
