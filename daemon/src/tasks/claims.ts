import { messageOf, type Clock, type Id, type Log, type Task } from '@tandem/shared'
import type { Approval, Records, View } from '@tandem/shared/docs'
import type { Outcome } from './execute.ts'
import type { Judgement } from './judge.ts'
import type { Outbox } from './outbox.ts'
import { claimable, isForMe } from './queue.ts'

export type ClaimPorts = {
  daemonId: Id
  capabilities: readonly string[]
  tasks: Pick<Records<Task>, 'get' | 'snapshot' | 'subscribe'>
  approvals: View<ReadonlyMap<string, Approval>>
  /** The owner's policy: before anything is claimed, and again before it starts. */
  judge(task: Task, approvals: Iterable<Approval>): Judgement
  clock: Clock
  log: Log
}

export type Claims = {
  /** Asks for as many queued tasks as there are slots free. */
  look(free: number): void
  /** The referee said no; the task is asked for again when something has changed. */
  refused(task: Id): void
  /** Why this attempt must not start though it was granted; undefined where it may. The server's word is not enough. */
  refusal(task: Task): Outcome | undefined
  /** A slot came free, or the referee knows us anew: what was refused may be granted now. */
  forgetRefusals(): void
}

type Asked = { record: Task; approvals: unknown; as: Judgement['decision'] | 'no-grant' }

/** Says what is to become of each queued task: claim, ask a person, or refuse. Each once for the record as it stands. */
export function createClaims(ports: ClaimPorts, outbox: Outbox, mono: () => number): Claims {
  const { tasks, approvals, clock, log } = ports
  const asked = new Map<Id, Asked>()

  const isSettled = (task: Task) => {
    const last = asked.get(task.id)
    // What others say of it changes nothing about our own refusal, but it may be asked for anew, or come back from another.
    if (last?.as === 'refuse') return last.record.queuedAt === task.queuedAt && last.record.attempt === task.attempt
    if (last?.record !== task) return false
    // The answer to a question arrives in another document than the task, perhaps later.
    return last.as !== 'ask' || last.approvals === approvals.snapshot()
  }
  const judge = (task: Task): Judgement => {
    try {
      return ports.judge(task, approvals.snapshot().values())
    } catch (e) {
      log.error('task could not be judged', { task: task.id, error: e })
      return {
        decision: 'refuse',
        code: 'internal',
        reason: `the policy could not be applied: ${messageOf(e)}`.slice(0, 500),
      }
    }
  }
  const say = (task: Task): Judgement['decision'] => {
    const judgement = judge(task)
    switch (judgement.decision) {
      case 'run':
        outbox.say(() => ({ t: 'claim', task: task.id, mono: mono() }))
        break
      case 'ask': {
        const { argsHash, summary, reason, risk } = judgement
        outbox.say(() => ({ t: 'ask', task: task.id, argsHash, summary, reason, risk }))
        break
      }
      case 'refuse':
        log.info('task refused', { task: task.id, code: judgement.code, reason: judgement.reason })
        outbox.say(() => ({ t: 'refuse', task: task.id, code: judgement.code, reason: judgement.reason }))
        break
      default:
        judgement satisfies never
    }
    return judgement.decision
  }

  return {
    look: (free) => {
      for (const id of asked.keys()) if (tasks.get(id)?.state !== 'queued') asked.delete(id)
      let left = free - [...asked.values()].filter((a) => a.as === 'run').length
      for (const task of claimable(tasks.snapshot().values(), ports, clock.now())) {
        if (isSettled(task)) continue
        if (left <= 0) return
        const as = say(task)
        asked.set(task.id, { record: task, approvals: approvals.snapshot(), as })
        if (as === 'run') left--
      }
    },
    refused: (task) => {
      const entry = asked.get(task)
      if (entry) asked.set(task, { ...entry, as: 'no-grant' })
    },
    refusal: (task) => {
      const judgement = judge(task)
      if (!isForMe(task, ports)) return failed('not-ours', 'it was granted to a daemon it is not for')
      if (judgement.decision === 'run') return undefined
      log.warn('a grant that the policy does not allow', { task: task.id, reason: judgement.reason })
      return failed(judgement.decision === 'ask' ? 'not-approved' : judgement.code, judgement.reason)
    },
    forgetRefusals: () => {
      for (const [id, { as }] of asked) if (as === 'no-grant') asked.delete(id)
    },
  }
}

const failed = (code: string, error: string): Outcome => ({ state: 'failed', result: { code, error } })
