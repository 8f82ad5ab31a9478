import type { Approval, View } from '@tandem/shared/docs'
import { argsHash } from '../loop/calls.ts'
import type { Answer, Question } from '../loop/ports.ts'
import type { Call } from '../step/step.ts'

type Ports = {
  run: string
  /** This daemon's session. */
  bootId: string
  approvals: View<ReadonlyMap<string, Approval>>
  secret: Uint8Array
}

/** What people said to a run's questions, as the server keeps it, and how far each yes reaches. */
export function createAnswers({ run, bootId, approvals, secret }: Ports) {
  return {
    /** What was said to exactly this question, last; nothing while it is open. */
    answer: ({ call, action, argsHash: hash }: Question): Answer | undefined => {
      const last = [...approvals.snapshot().values()]
        .filter(({ subject, ...a }) => subject.task === run && subject.call === call && a.argsHash === hash)
        .filter((each) => each.action === action)
        .reduce<Approval | undefined>((a, b) => (a && a.id > b.id ? a : b), undefined)
      switch (last?.state) {
        case 'approved':
          return { isYes: true }
        case 'rejected':
          return { isYes: false, ...(last.comment !== undefined && { comment: last.comment }) }
        case 'expired':
          return { isYes: false, comment: 'nobody answered in time' }
        default:
          return undefined
      }
    },
    /**
     * Whether somebody said yes to the same tool with the same arguments, for longer than one call: for this run, for
     * this session of the daemon, or for the workspace. Only this daemon can make the hash by which it is told.
     */
    isGranted: ({ tool, input }: Call): boolean =>
      [...approvals.snapshot().values()].some(({ state, scope, subject, ...a }) => {
        if (state !== 'approved' || subject.call === undefined || a.action !== tool) return false
        const reaches =
          scope === 'workspace' ||
          (scope === 'session' && a.bootId === bootId) ||
          (scope === 'run' && subject.task === run)
        return reaches && a.argsHash === argsHash({ id: subject.call, tool, input }, { secret, runId: subject.task })
      }),
  }
}
