import type * as Y from 'yjs'
import { z } from 'zod'
import { Id } from '../base/ids.ts'
import { Role } from '../protocol/access.ts'
import { Checkpoint } from '../protocol/history.ts'
import { SandboxTier } from '../protocol/sandbox.ts'
import { openRecords, type Records } from './records.ts'

/** Stamped by the server: this alone decides online or offline [S31] [S96]. */
export const DaemonPresence = z.object({
  id: Id,
  name: z.string(),
  connection: z.enum(['online', 'offline']),
  lastSeenAt: z.number(),
  connectedAt: z.number().optional(),
  /** As its last hello said: what a task may need, and how many run at once. */
  slots: z.int().optional(),
  capabilities: z.array(z.string()).optional(),
  /** Which start of it that was, and how far its walls hold. */
  bootId: Id.optional(),
  sandbox: SandboxTier.optional(),
  /** Somebody asked it to begin nothing more. */
  draining: z.boolean().optional(),
})
export type DaemonPresence = z.infer<typeof DaemonPresence>

/** A question to a person, bound to exact arguments by `argsHash`. */
export const Approval = z.object({
  id: Id,
  /** What is asked about: a task, or one call that an attempt of it wants to make. */
  subject: z.object({ task: Id, attempt: z.int().positive().optional(), call: z.string().max(200).optional() }),
  action: z.string(),
  summary: z.string(),
  reason: z.string(),
  argsHash: z.string(),
  risk: z.enum(['low', 'medium', 'high']),
  /** `revoked`: it was approved for longer, until somebody took that back. */
  state: z.enum(['pending', 'approved', 'rejected', 'expired', 'revoked']),
  /**
   * How far a yes reaches, always for exactly these arguments: this task (`once`), a run of the agent, all that the
   * daemon which asked is given until it starts anew (`session`, a week at most), or the workspace until it is revoked.
   */
  scope: z.enum(['once', 'run', 'session', 'workspace']).optional(),
  /** The daemon's session that asked. */
  bootId: Id.optional(),
  by: Id.optional(),
  byName: z.string().optional(),
  createdAt: z.number(),
  decidedAt: z.number().optional(),
  /** What whoever decided said of it. */
  comment: z.string().max(500).optional(),
  expiresAt: z.number(),
})
export type Approval = z.infer<typeof Approval>

/** What somebody answered to a daemon's mirror; `id` is the question's, or the conflict's. The daemon acts, and shows it no more. */
export const Answer = z.object({
  id: Id,
  daemon: Id,
  answer: z.enum(['delete', 'restore', 'dismiss']),
  by: Id,
  byName: z.string(),
  at: z.number(),
})
export type Answer = z.infer<typeof Answer>

export const Member = z.object({ id: Id, name: z.string(), role: Role })
export type Member = z.infer<typeof Member>

/** Settings of the server that those who watch tasks should know; the one record has the id `tasks`. */
export const Limits = z.object({ id: z.literal('tasks'), maxRunning: z.int() })
export type Limits = z.infer<typeof Limits>

export type Ops = {
  daemons: Records<DaemonPresence>
  approvals: Records<Approval>
  members: Records<Member>
  answers: Records<Answer>
  /** Named versions, kept whatever else of the past is thinned out. */
  checkpoints: Records<Checkpoint>
  limits: Records<Limits>
}

/** What the server alone says about the workspace. */
export const openOps = (doc: Y.Doc): Ops => ({
  daemons: openRecords(doc, 'daemons', DaemonPresence),
  approvals: openRecords(doc, 'approvals', Approval),
  members: openRecords(doc, 'members', Member),
  answers: openRecords(doc, 'answers', Answer),
  checkpoints: openRecords(doc, 'checkpoints', Checkpoint),
  limits: openRecords(doc, 'limits', Limits),
})
