import { createId } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'

/** For tests: a question that a daemon's policy asks about a task, which waits for its answer. */
export const approvalForTest = (part: Partial<Approval> = {}): Approval => ({
  id: createId(),
  subject: { task: createId() },
  action: 'command',
  summary: 'rm',
  reason: 'The policy asks.',
  argsHash: 'x',
  risk: 'high',
  bootId: createId(),
  state: 'pending',
  createdAt: 0,
  expiresAt: 1,
  ...part,
})
