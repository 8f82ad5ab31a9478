import type { ChangesAnswer, Clock, Id, Log, Task } from '@tandem/shared'
import type { openRun, Ops, Records } from '@tandem/shared/docs'
import type { EgressEntry } from '../../egress/entry.ts'
import type { Policy } from '../../sandbox/policy.ts'
import type { Execute } from '../../tasks/execute.ts'
import type { Tree } from '../../tree/tree.ts'
import type { Limits } from '../loop/ports.ts'
import type { Tool } from '../loop/tool.ts'
import type { Models } from '../models/registry.ts'
import type { Deadlines } from '../step/deadlines.ts'

/** A document held open on the connection. */
export type OpenDoc = {
  readonly doc: Parameters<typeof openRun>[0]
  synced(signal: AbortSignal): Promise<void>
  /** Resolves when every change of ours is on the server's disk. */
  durable(signal: AbortSignal): Promise<void>
  release(): void
}

/** What runs of the agent need of the daemon and its session with a server. */
export type AgentPorts = {
  readonly daemonId: Id
  /** This session: a yes may hold for as long as it lasts. */
  readonly bootId: Id
  readonly attach: (doc: { kind: 'run'; runId: Id } | { kind: 'chat'; conversationId: Id }) => OpenDoc
  /** The server's records of tasks, approvals and members. */
  readonly tasks: Pick<Records<Task>, 'get'>
  readonly approvals: Ops['approvals']
  readonly members: Pick<Ops['members'], 'get'>
  /** Whose changes of a conversation are (`POST …/authors/changes`). */
  readonly whose: (
    conversation: Id,
    changes: readonly { client: number; clock: number }[],
    signal: AbortSignal,
  ) => Promise<ChangesAnswer['changes']>
  /** Names the version before a run, to which people may go back. */
  readonly checkpoint: (run: Id, name: string, signal: AbortSignal) => Promise<Id>
  readonly tree: Tree
  readonly models: Models
  /** What the owner's policy is now; throws where that cannot be known. */
  readonly policyNow: () => Policy
  /** The one gate to running anything. */
  readonly execute: Execute
  /** Hears of each request that a run makes. */
  readonly recordEgress: (task: Pick<Task, 'id' | 'attempt'>, entry: EgressEntry) => void
  /** Further tools for one run, such as skills and tasks. */
  readonly extraTools?: (run: { readonly task: Task; readonly signal: AbortSignal }) => Promise<readonly Tool[]>
  /** The skills that may be loaded. */
  readonly skills?: () => Promise<readonly { readonly name: string; readonly description: string }[]>
  /** Kept on this daemon, the same after a restart: questions are signed with it. */
  readonly secret: Uint8Array
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly clock: Clock
  readonly log: Log
}
