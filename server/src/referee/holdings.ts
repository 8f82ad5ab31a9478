import { isHeld, notBegun, protocolVersion, type FromDaemon, type Id, type Task, type TaskResult } from '@tandem/shared'
import type { Board } from './board.ts'
import { mayJudge, mayReport, reconcile, type DaemonSession, type Leases } from './leases.ts'
import { parkingOf } from './parks.ts'
import type { RefereePorts, Turn } from './ports.ts'
import { auditWalls, setPresence } from './presence.ts'
import { aroundOf, onRefusal } from './refusals.ts'
import { whyNoGrant, whyNoRoom } from './schedule.ts'
import type { TaskEvent } from './transitions.ts'

type Said<T extends FromDaemon['t']> = Extract<FromDaemon, { t: T }>

/** What daemons say of what they hold, or want to hold. */
export function createHoldings(
  ports: RefereePorts,
  board: Board,
  leases: Leases,
  sessions: Map<Id, DaemonSession>,
): {
  onHello(turn: Turn, daemonId: Id, hello: Said<'hello'>): void
  onClaim(turn: Turn, daemonId: Id, claim: Said<'claim'>): void
  onReport(turn: Turn, daemonId: Id, report: Said<'report'>): void
  onPark(turn: Turn, daemonId: Id, park: Said<'park'>): void
  onRefuse(turn: Turn, daemonId: Id, refusal: Said<'refuse'>): void
  onOutput(turn: Turn, daemonId: Id, word: Said<'output'>): void
} {
  const { daemons, settings, log } = ports

  const tellGrant = (turn: Turn, { id, attempt, lease }: Task, session: DaemonSession, n: number, mono: number) => {
    leases.renew(id)
    const grantSeq = lease?.grantSeq ?? session.grantSeq
    const { leaseMs } = settings
    if (lease) turn.tell(lease.daemonId, { t: 'grant', n, task: id, attempt, grantSeq, mono, leaseMs })
  }

  return {
    onHello: (turn, daemonId, hello) => {
      const { bootId, slots, capabilities, mono, sandbox } = hello
      const known = sessions.get(daemonId)
      const leased = board.heldBy(daemonId).filter(({ lease }) => lease?.bootId === bootId)
      const grantSeq = Math.max(
        hello.lastGrantSeq,
        known?.bootId === bootId ? known.grantSeq : 0,
        ...leased.map(({ lease }) => lease?.grantSeq ?? 0),
      )
      const session = { bootId, slots, capabilities, seenAt: turn.now, heardAt: ports.mono(), mono, grantSeq }
      sessions.set(daemonId, session)
      auditWalls(ports, daemonId, hello)
      const can = { ...(capabilities && { capabilities }), ...(sandbox && { sandbox }) }
      setPresence(ports, daemonId, { connection: 'online', lastSeenAt: turn.now, bootId, slots, ...can })

      const { dead, unseenGrants, alive, kill } = reconcile(daemonId, hello, board)
      for (const task of dead) {
        leases.forget(task.id)
        turn.change(task, { t: 'lose', reason: 'the daemon restarted while it ran' }, daemonId)
      }
      for (const task of alive) {
        leases.renew(task.id)
        const after = turn.change(task, { t: 'seen' }, daemonId) ?? task
        if (after.cancel) turn.tellCancel(after)
      }
      turn.tell(daemonId, {
        t: 'hello-ack',
        workspaceIds: [ports.workspaceId],
        protocol: protocolVersion,
        mono,
        serverTime: turn.now,
        leaseMs: settings.leaseMs,
        kill,
      })
      for (const task of unseenGrants) {
        // The grant may still be on its way, with the cancel behind it: the daemon answers that one in either case.
        if (task.cancel) turn.tellCancel(task)
        else tellGrant(turn, task, session, 0, mono)
      }
    },
    onClaim: (turn, daemonId, { n, task: id, mono }) => {
      const task = board.get(id)
      const session = sessions.get(daemonId)
      // Asked again because our answer got lost: the same grant.
      const isOurs =
        task?.state === 'leased' && task.lease?.daemonId === daemonId && task.lease.bootId === session?.bootId
      if (session && isOurs) return tellGrant(turn, task, session, n, mono)
      const isDraining = daemons.get(daemonId)?.draining ?? false
      const { unseenMs, maxRunning } = settings
      const reason = whyNoGrant({ task, session, daemonId, isDraining, board, mono: ports.mono(), unseenMs })
      if (!task || !session || reason !== undefined) {
        return turn.tell(daemonId, { t: 'no-grant', n, task: id, reason: reason ?? 'say hello first' })
      }
      const full = whyNoRoom(task, board, maxRunning)
      if (full !== undefined) {
        turn.wantsRoom(daemonId)
        return turn.tell(daemonId, { t: 'no-grant', n, task: id, reason: full })
      }
      const grantSeq = ++session.grantSeq
      const lease = { daemonId, bootId: session.bootId, grantSeq, expiresAt: turn.now + settings.leaseMs }
      const granted = turn.change(task, { t: 'grant', lease }, daemonId)
      if (granted) tellGrant(turn, granted, session, n, mono)
    },
    onReport: (turn, daemonId, { n, task: id, attempt, state, result }) => {
      const task = board.get(id)
      if (!mayReport(task, daemonId, attempt))
        log.info('report of an attempt that is over', { daemonId, task: id, attempt })
      else if (state === 'running') turn.change(task, { t: 'start' }, daemonId)
      else if (turn.change(task, endOf(task, state, result), daemonId)) leases.forget(id)
      // Also what is not accepted is acknowledged, or it would be repeated for ever.
      turn.tell(daemonId, { t: 'ack', n })
    },
    onPark: (turn, daemonId, park) => {
      const { n, task: id, attempt } = park
      const task = board.get(id)
      // One that was given up as lost goes on elsewhere, or not at all.
      if (!mayReport(task, daemonId, attempt) || !isHeld(task.state))
        log.info('parking of an attempt that is over', { daemonId, task: id, attempt })
      else if (turn.change(task, parkingOf(ports, turn, park, sessions.get(daemonId)?.bootId), daemonId))
        leases.forget(id)
      turn.tell(daemonId, { t: 'ack', n })
    },
    onRefuse: (turn, daemonId, { n, task: id, code, reason }) => {
      const task = board.get(id)
      if (task && mayJudge(task, daemonId)) {
        const name = daemons.get(daemonId)?.name ?? 'a daemon'
        const bootId = sessions.get(daemonId)?.bootId
        const by = { daemonId, ...(bootId && { bootId }), name, code, reason }
        turn.change(task, onRefusal(task, by, aroundOf(ports, sessions, turn.now)), daemonId)
      }
      turn.tell(daemonId, { t: 'ack', n })
    },
    // No answer: the daemon sees it in the record.
    onOutput: (turn, daemonId, { task: id, attempt, output }) => {
      const task = board.get(id)
      if (task?.attempts.some((each) => each.n === attempt && each.daemonId === daemonId))
        turn.change(task, { t: 'output', attempt, output }, daemonId)
    },
  }
}

/** Codes of attempts that their daemon ended for its own sake: as lost as if it had died. */
const givenUp: ReadonlySet<string | undefined> = new Set(['stopped', 'lease-lost'])

/** What a report of an end stands for: where that was asked for, one whose daemon gave it up is queued again. */
function endOf(
  { onLost, attempts }: Task,
  state: Exclude<Said<'report'>['state'], 'running'>,
  result?: TaskResult,
): TaskEvent {
  if (state === 'failed' && result?.code === notBegun && attempts.at(-1)?.startedAt === undefined)
    return { t: 'return', reason: result.error ?? 'its daemon did not begin it' }
  return onLost === 'requeue' && state === 'failed' && givenUp.has(result?.code)
    ? { t: 'lose', reason: result?.error ?? 'its daemon gave it up' }
    : { t: 'end', state, result }
}
