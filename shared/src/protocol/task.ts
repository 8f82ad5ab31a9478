import { z } from 'zod'
import { Id } from '../base/ids.ts'

/** What a task does. `command` is argv, run without a shell; `shell` a line for the sandboxed shell, through the policy. */
export const TaskPayload = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('command'),
    command: z.string().min(1).max(4096),
    args: z.array(z.string().max(32_768)).max(1000).default([]),
    /** Relative to the workspace's root; the empty string is the root. */
    cwd: z.string().max(4096).default(''),
    /** True: `command` is a whole shell line and `args` is empty. */
    shell: z.boolean().default(false),
    env: z.record(z.string(), z.string()).optional(),
  }),
  z.object({
    kind: z.literal('code'),
    language: z.enum(['javascript', 'typescript']),
    code: z.string().max(1_000_000),
  }),
  z.object({ kind: z.literal('bash'), script: z.string().max(100_000) }),
  z.object({ kind: z.literal('agent'), prompt: z.string().max(100_000), conversationId: Id.optional() }),
])
export type TaskPayload = z.infer<typeof TaskPayload>

/** What someone asks for [S102]. */
export const TaskInput = z.object({
  title: z.string().min(1).max(200),
  executor: z.enum(['daemon', 'subagent', 'server', 'agent']).default('daemon'),
  payload: TaskPayload,
  priority: z.int().min(-10).max(10).default(0),
  timeoutMs: z.int().min(100).max(86_400_000).optional(),
  target: z.object({ daemonId: Id }).optional(),
  requires: z.array(z.string().max(60)).max(32).default([]),
  onLost: z.enum(['keep', 'requeue']).default('keep'),
  idempotencyKey: z.string().max(200).optional(),
})
export type TaskInput = z.infer<typeof TaskInput>

/** Every state of research's machine; the founding words are `status` below. */
export const taskStates = [
  'scheduled',
  'blocked',
  'awaiting_approval',
  'queued',
  'leased',
  'running',
  'cancelling',
  'disconnected',
  'completed',
  'failed',
  'timed_out',
  'cancelled',
  'lost',
] as const
export const TaskState = z.enum(taskStates)
export type TaskState = z.infer<typeof TaskState>

const terminal: ReadonlySet<TaskState> = new Set(['completed', 'failed', 'timed_out', 'cancelled', 'lost'])
/** Whether a task in this state has ended. */
export const isTerminal = (state: TaskState): boolean => terminal.has(state)

/** How an attempt ended. */
export const TaskResult = z.object({
  exitCode: z.int().nullable().optional(),
  signal: z.string().max(40).optional(),
  /** In words, for a person: why it failed, or why it could not run. */
  error: z.string().max(4000).optional(),
  code: z.string().max(60).optional(),
  /** The command failed and its output looks as if for want of the network, which the sandbox refuses. */
  wantedNetwork: z.boolean().optional(),
  sandbox: z.enum(['full', 'reduced', 'none']).optional(),
  output: z.object({ bytes: z.int(), truncated: z.boolean(), tail: z.string().max(4000) }).optional(),
})
export type TaskResult = z.infer<typeof TaskResult>

const at = z.number()
/** One entry of the `tasks` document, written by the server's referee alone. */
export const Task = z.object({
  ...TaskInput.shape,
  v: z.literal(1).default(1),
  id: Id,
  workspaceId: Id,
  state: TaskState,
  /** Why it stands where it stands, in words. */
  reason: z.string().optional(),
  attempt: z.int().nonnegative(),
  lease: z.object({ daemonId: Id, bootId: Id, grantSeq: z.int(), expiresAt: at }).optional(),
  approvalId: Id.optional(),
  cancel: z.object({ by: Id, at, force: z.boolean() }).optional(),
  attempts: z
    .array(
      z.object({
        n: z.int(),
        daemonId: Id,
        startedAt: at.optional(),
        endedAt: at.optional(),
        outcome: TaskState.optional(),
        exitCode: z.int().nullable().optional(),
      }),
    )
    .max(10),
  result: TaskResult.optional(),
  createdBy: Id,
  createdByName: z.string(),
  createdAt: at,
  queuedAt: at.optional(),
  startedAt: at.optional(),
  completedAt: at.optional(),
})
export type Task = z.infer<typeof Task>

/** The founding documents' word for a state [S100] [S113]. */
export function statusOf(state: TaskState): 'pending' | 'running' | 'completed' | 'failed' | 'cancelled' {
  switch (state) {
    case 'scheduled':
    case 'blocked':
    case 'awaiting_approval':
    case 'queued':
      return 'pending'
    case 'leased':
    case 'running':
    case 'cancelling':
    case 'disconnected':
      return 'running'
    case 'completed':
      return 'completed'
    case 'cancelled':
      return 'cancelled'
    case 'failed':
    case 'timed_out':
    case 'lost':
      return 'failed'
    default:
      return state satisfies never
  }
}

/** The command as a person would type it. */
export function commandLine(payload: TaskPayload): string {
  if (payload.kind !== 'command')
    return payload.kind === 'agent' ? payload.prompt : payload.kind === 'bash' ? payload.script : payload.code
  return [
    payload.command,
    ...payload.args.map((a) => (/^[\w@%+=:,./-]+$/.test(a) ? a : `'${a.replaceAll("'", `'\\''`)}'`)),
  ].join(' ')
}
