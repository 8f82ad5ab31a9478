import { type FromDaemon, type HoldsLease, Id, isHeld, protocolVersion, type Task, wait } from '@tandem/shared'
import type { DaemonPresence, Request } from '@tandem/shared/docs'
import { ask, expire, isOver } from './approvals.ts'
import { createLeases, mayReport, reconcile, type DaemonSession } from './leases.ts'
import { foldRequest, type Requester } from './requests.ts'
import { whyNoGrant } from './schedule.ts'

import { createTurns, type RefereePorts, type Turn } from './turn.ts'

export type { RefereePorts } from './turn.ts'
export type { Requester } from './requests.ts'

export type Referee = {
  /** Does what someone's requests ask for, each id once; resolves, when that is on disk, with the ids to drop. */
  fold(by: Requester, requests: ReadonlyMap<string, Request>): Promise<Id[]>
  /** A daemon's word. Rejects where the store fails: the daemon repeats what was not answered. */
  onMessage(daemonId: Id, message: FromDaemon): Promise<void>
  onConnected(daemonId: Id, name: string): Promise<void>
  onGone(daemonId: Id): Promise<void>
  /** Asked at the door of a log document. */
  holdsLease: HoldsLease
  /** Watches the clock: leases that end, questions nobody answers, daemons that fall silent. */
  run(signal: AbortSignal): Promise<void>
}

/**
 * Decides who runs what, one referee per workspace. A claim is a question to it, because a shared document has no
 * mutual exclusion; its answer is a record on disk before anyone hears of it.
 */
export function createReferee(ports: RefereePorts): Referee {
  const { tasks, approvals, daemons, clock, settings, log } = ports
  const inTurn = createTurns(ports)
  const leases = createLeases(clock.now, settings.leaseMs)
  const sessions = new Map<Id, DaemonSession>()
  const all = () => [...tasks.snapshot().values()]

  const onHello = (turn: Turn, daemonId: Id, hello: Extract<FromDaemon, { t: 'hello' }>) => {
    const known = sessions.get(daemonId)
    const leased = all().filter((t) => t.lease?.daemonId === daemonId && t.lease.bootId === hello.bootId)
    const grantSeq = Math.max(
      hello.lastGrantSeq,
      known?.bootId === hello.bootId ? known.grantSeq : 0,
      ...leased.map((t) => t.lease?.grantSeq ?? 0),
    )
    const session = { bootId: hello.bootId, slots: hello.slots, seenAt: turn.now, mono: hello.mono, grantSeq }
    sessions.set(daemonId, session)
    setPresence(daemonId, { connection: 'online', lastSeenAt: turn.now })

    const { dead, unseenGrants, alive, kill } = reconcile(daemonId, hello, tasks.snapshot())
    for (const task of dead) lose(turn, task, 'the daemon restarted while it ran', daemonId)
    for (const task of alive) {
      leases.renew(task.id)
      const after = turn.change(task, { t: 'seen' }, daemonId) ?? task
      if (after.cancel) tellCancel(turn, after)
    }
    turn.tell(daemonId, {
      t: 'hello-ack',
      workspaceIds: [ports.workspaceId],
      protocol: protocolVersion,
      mono: hello.mono,
      serverTime: turn.now,
      leaseMs: settings.leaseMs,
      kill,
    })
    for (const task of unseenGrants) {
      // The grant may still be on its way, with the cancel behind it: the daemon answers that one in either case.
      if (task.cancel) tellCancel(turn, task)
      else tellGrant(turn, task, session, 0, hello.mono)
    }
  }

  const onClaim = (turn: Turn, daemonId: Id, { n, task: id, mono }: Extract<FromDaemon, { t: 'claim' }>) => {
    const task = tasks.get(id)
    const session = sessions.get(daemonId)
    // Asked again because our answer got lost: the same grant.
    const isOurs =
      task?.state === 'leased' && task.lease?.daemonId === daemonId && task.lease.bootId === session?.bootId
    if (session && isOurs) return tellGrant(turn, task, session, n, mono)
    const reason = whyNoGrant({ task, session, daemonId, tasks: all(), now: turn.now, unseenMs: settings.unseenMs })
    if (!task || !session || reason !== undefined) {
      return turn.tell(daemonId, { t: 'no-grant', n, task: id, reason: reason ?? 'say hello first' })
    }
    const grantSeq = ++session.grantSeq
    const lease = { daemonId, bootId: session.bootId, grantSeq, expiresAt: turn.now + settings.leaseMs }
    const granted = turn.change(task, { t: 'grant', lease }, daemonId)
    if (granted) tellGrant(turn, granted, session, n, mono)
  }

  const tellGrant = (turn: Turn, { id, attempt, lease }: Task, session: DaemonSession, n: number, mono: number) => {
    leases.renew(id)
    const grantSeq = lease?.grantSeq ?? session.grantSeq
    const { leaseMs } = settings
    if (lease) turn.tell(lease.daemonId, { t: 'grant', n, task: id, attempt, grantSeq, mono, leaseMs })
  }
  const tellCancel = (turn: Turn, { id, attempt, lease, cancel }: Task) => {
    if (lease) turn.tell(lease.daemonId, { t: 'cancel', task: id, attempt, force: cancel?.force ?? false })
  }

  const onReport = (
    turn: Turn,
    daemonId: Id,
    { n, task: id, attempt, state, result }: Extract<FromDaemon, { t: 'report' }>,
  ) => {
    const task = tasks.get(id)
    if (!mayReport(task, daemonId, attempt))
      log.info('report of an attempt that is over', { daemonId, task: id, attempt })
    else if (state === 'running') turn.change(task, { t: 'start' }, daemonId)
    else if (turn.change(task, { t: 'end', state, result }, daemonId)) leases.forget(id)
    // Also what is not accepted is acknowledged, or it would be repeated for ever.
    turn.tell(daemonId, { t: 'ack', n })
  }

  const onRefuse = (turn: Turn, daemonId: Id, { n, task: id, code, reason }: Extract<FromDaemon, { t: 'refuse' }>) => {
    const task = tasks.get(id)
    if (task) turn.change(task, { t: 'refuse', result: { error: reason, code } }, daemonId)
    turn.tell(daemonId, { t: 'ack', n })
  }

  const lose = (turn: Turn, task: Task, reason: string, actor: Id) => {
    leases.forget(task.id)
    turn.change(task, { t: 'lose', reason }, actor)
  }

  const setPresence = (id: Id, facts: Partial<DaemonPresence>) => {
    const known = daemons.get(id)
    // Never a hot field: only coming and going is written.
    if (known && known.connection === facts.connection && (facts.name ?? known.name) === known.name) return
    daemons.set(id, { name: 'daemon', lastSeenAt: clock.now(), connection: 'offline', ...known, ...facts, id })
  }

  /** What the clock alone brings about; undefined where there is nothing to do, which is the rule. */
  const due = () => {
    const now = clock.now()
    const expired = all().filter((t) => isHeld(t.state) && t.state !== 'disconnected' && now > leases.expiresAt(t))
    // A daemon stops such processes two lease lives after its last answered hello; we wait for four more than one.
    const given = all().filter(
      (t) => t.state === 'disconnected' && t.onLost === 'requeue' && now > leases.expiresAt(t) + 4 * settings.leaseMs,
    )
    const questions = [...approvals.snapshot().values()].some((a) => isOver(a, tasks.get(a.subject.task), now))
    const silent = [...daemons.snapshot().values()].filter(
      (d) => d.connection === 'online' && now - (sessions.get(d.id)?.seenAt ?? d.connectedAt ?? 0) > settings.unseenMs,
    )
    return expired.length + given.length + silent.length > 0 || questions ? { expired, given, silent } : undefined
  }
  const look = (turn: Turn) => {
    const { expired = [], given = [], silent = [] } = due() ?? {}
    for (const task of expired) turn.change(task, { t: 'unseen' }, task.lease?.daemonId ?? ports.workspaceId)
    for (const task of given) lose(turn, task, 'its daemon did not come back', ports.workspaceId)
    for (const { id } of silent)
      setPresence(id, { connection: 'offline', lastSeenAt: sessions.get(id)?.seenAt ?? turn.now })
    expire(ports, turn)
  }

  return {
    fold: async (by, requests) => {
      const ids = [...requests.keys()].filter((id) => Id.safeParse(id).success).toSorted()
      // One turn each: a record written in a turn can be read from the next one on.
      for (const id of ids) {
        const request = requests.get(id)
        if (request) await inTurn((turn) => foldRequest(ports, turn, by, id, request))
      }
      return ids
    },
    onMessage: async (daemonId, message) => {
      switch (message.t) {
        case 'ping':
          return ports.send(daemonId, { t: 'pong', stamp: message.stamp })
        case 'hello':
          return inTurn((turn) => onHello(turn, daemonId, message))
        case 'claim':
          return inTurn((turn) => onClaim(turn, daemonId, message))
        case 'report':
          return inTurn((turn) => onReport(turn, daemonId, message))
        case 'ask':
          return inTurn((turn) => {
            ask(ports, turn, daemonId, message)
            turn.tell(daemonId, { t: 'ack', n: message.n })
          })
        case 'refuse':
          return inTurn((turn) => onRefuse(turn, daemonId, message))
        case 'writes-as':
          // For the registry of authors, which has heard it at the door.
          return undefined
        default:
          return message satisfies never
      }
    },
    onConnected: (daemonId, name) =>
      inTurn(({ now }) => setPresence(daemonId, { name, connection: 'online', connectedAt: now, lastSeenAt: now })),
    onGone: (daemonId) =>
      inTurn(({ now }) => {
        if (daemons.get(daemonId)) setPresence(daemonId, { connection: 'offline', lastSeenAt: now })
      }),
    holdsLease: (daemonId, taskId, attempt) => {
      const task = tasks.get(taskId)
      return task?.lease?.daemonId === daemonId && task.attempt === attempt && isHeld(task.state)
    },
    run: async (signal) => {
      const everyMs = Math.min(1_000, Math.ceil(settings.leaseMs / 4))
      while (!signal.aborted) {
        await wait(clock, everyMs, signal).catch(() => {}) // aborted: the loop ends
        if (signal.aborted || !due()) continue
        await inTurn(look).catch((error: unknown) => log.error('referee could not write', { error }))
      }
    },
  }
}
