import { type FromDaemon, type HoldsLease, type Id, isHeld, wait } from '@tandem/shared'
import type { Request } from '@tandem/shared/docs'
import { ask } from './approvals.ts'
import { openBoard } from './board.ts'
import { inDependencyOrder } from './dependencies.ts'
import { createHoldings } from './holdings.ts'
import { createLeases, type DaemonSession } from './leases.ts'
import { createOverdue } from './overdue.ts'
import type { RefereePorts, Requester } from './ports.ts'
import { setPresence } from './presence.ts'
import { foldRequest, inBatches } from './requests.ts'
import { createTurns } from './turn.ts'

export type { RefereePorts, Requester } from './ports.ts'

export type Referee = {
  /** Does what someone's requests ask for, each id once; resolves, when that is on disk, with the ids to drop. */
  fold(by: Requester, requests: ReadonlyMap<string, Request>): Promise<Id[]>
  /** A daemon's word. Rejects where the store fails: the daemon repeats what was not answered. */
  onMessage(daemonId: Id, message: FromDaemon): Promise<void>
  onConnected(daemonId: Id, name: string): Promise<void>
  onGone(daemonId: Id): Promise<void>
  /** Asked at the door of a log document. */
  holdsLease: HoldsLease
  /** Watches the clock: leases that end, questions nobody answers, daemons that fall silent, tasks whose time has come. */
  run(signal: AbortSignal): Promise<void>
}

/**
 * Decides who runs what, one referee per workspace. A claim is a question to it, because a shared document has no
 * mutual exclusion; its answer is a record on disk before anyone hears of it.
 */
export function createReferee(ports: RefereePorts): Referee {
  const { daemons, clock, settings, log } = ports
  const board = openBoard(ports.tasks)
  const inTurn = createTurns(ports, board)
  const leases = createLeases(ports.mono, settings.leaseMs)
  const sessions = new Map<Id, DaemonSession>()
  /** How often each has connected so far. */
  const connections = new Map<Id, number>()
  /**
   * Decides about what a daemon said, and tells it only where it has not connected anew meanwhile: then it may be another
   * boot, which must not begin what was granted to the one before. What is not answered is said again.
   */
  const answer = (daemonId: Id, work: Parameters<typeof inTurn>[0]) => {
    const heardOn = connections.get(daemonId)
    return inTurn(work, (to) => to !== daemonId || connections.get(daemonId) === heardOn)
  }
  const { onHello, onClaim, onReport, onPark, onRefuse, onOutput } = createHoldings(ports, board, leases, sessions)
  const overdue = createOverdue(ports, board, leases, sessions)

  return {
    fold: async (by, requests) => {
      const { ids, circular } = inDependencyOrder(requests)
      for (const batch of inBatches(ids, requests)) {
        await inTurn((turn) => {
          for (const [id, request] of batch) foldRequest(ports, turn, by, id, request, circular)
        })
      }
      return ids
    },
    onMessage: async (daemonId, message) => {
      switch (message.t) {
        case 'ping':
          return ports.send(daemonId, { t: 'pong', stamp: message.stamp })
        case 'hello':
          return answer(daemonId, (turn) => onHello(turn, daemonId, message))
        case 'claim':
          return answer(daemonId, (turn) => onClaim(turn, daemonId, message))
        case 'report':
          return answer(daemonId, (turn) => onReport(turn, daemonId, message))
        case 'ask':
          return answer(daemonId, (turn) => {
            ask(ports, turn, daemonId, message, sessions.get(daemonId))
            turn.tell(daemonId, { t: 'ack', n: message.n })
          })
        case 'park':
          return answer(daemonId, (turn) => onPark(turn, daemonId, message))
        case 'refuse':
          return answer(daemonId, (turn) => onRefuse(turn, daemonId, message))
        case 'output':
          return answer(daemonId, (turn) => onOutput(turn, daemonId, message))
        case 'writes-as':
          // For the registry of authors, which has heard it at the door.
          return undefined
        default:
          return message satisfies never
      }
    },
    onConnected: (daemonId, name) => {
      connections.set(daemonId, (connections.get(daemonId) ?? 0) + 1)
      return inTurn(({ now }) => {
        // Until it has said hello anew: it may be another boot, to which no claim may be granted as to the one before.
        sessions.delete(daemonId)
        setPresence(ports, daemonId, { name, connection: 'online', connectedAt: now, lastSeenAt: now })
      })
    },
    onGone: (daemonId) =>
      inTurn(({ now }) => {
        if (daemons.get(daemonId)) setPresence(ports, daemonId, { connection: 'offline', lastSeenAt: now })
      }),
    holdsLease: (daemonId, taskId, attempt) => {
      const task = board.get(taskId)
      return task?.lease?.daemonId === daemonId && (attempt ?? task.attempt) === task.attempt && isHeld(task.state)
    },
    run: async (signal) => {
      const everyMs = Math.min(1_000, Math.ceil(settings.leaseMs / 4))
      while (!signal.aborted) {
        await wait(clock, everyMs, signal).catch(() => {}) // aborted: the loop ends
        if (signal.aborted || !overdue.isThere()) continue
        await inTurn(overdue.settle).catch((error: unknown) => log.error('referee could not write', { error }))
      }
    },
  }
}
