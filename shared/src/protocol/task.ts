import { z } from 'zod'
import { Id } from '../base/ids.ts'
import { AgentMode, Mention, ModelName } from './agent.ts'
import { BlobHash } from './blobs.ts'
import { ExecutionResult, SessionName, Snippet } from './execution.ts'

/** In characters. */
export const TerminalSize = z.object({ cols: z.int().min(2).max(500), rows: z.int().min(2).max(300) })
export type TerminalSize = z.infer<typeof TerminalSize>

/** A host that a command wants to reach: a name, `*.name`, either with a port; or `@npm`, the registry of the daemon's npm. */
const NetworkWish = z
  .string()
  .max(300)
  .regex(
    /^(@npm|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*(:\d{1,5})?)$/,
    'a host, as example.org or example.org:8080, or @npm',
  )

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
    /** Run at a terminal of this size, which several people can watch and those allowed type in; a resize follows the driver. */
    terminal: TerminalSize.optional(),
    /** What it wants to reach. Without the daemon's or a person's yes, and beyond these, there is no network. */
    network: z.array(NetworkWish).max(32).optional(),
    /** Servers of its own that should be reached: ports of the daemon's machine, by itself alone, that lead to the same ports of it. */
    ports: z.array(z.int().min(1_024).max(65_535)).max(8).optional(),
  }),
  z.object({ kind: z.literal('code'), ...Snippet.shape }),
  z.object({
    kind: z.literal('bash'),
    script: z
      .string()
      .max(100_000)
      .describe(
        'Lines for a shell over the shared files, which are in /workspace. git, npm and other programs in them run as commands do.',
      ),
    /** [S216] */
    session: SessionName.optional().describe(
      'Tasks and executions that say the same have one shell: its folder, variables and scratch files.',
    ),
  }),
  z.object({
    kind: z.literal('agent'),
    prompt: z.string().max(100_000),
    conversationId: Id.optional(),
    /** The message of that conversation that asks for it. */
    message: Id.optional(),
    mentions: z.array(Mention).max(50).optional(),
    /** What it may do by itself; `ask` where nothing is said. */
    mode: AgentMode.optional(),
    /** As the daemon's configuration names it; its default where nothing is said. */
    model: ModelName.optional(),
  }),
])
export type TaskPayload = z.infer<typeof TaskPayload>

/**
 * A task that ended so is run again by itself, after a rest that grows: `backoffMs * factor^(tries so far)`, an hour at
 * most, less a random part of up to `jitter` of it, so that many do not come back at once.
 */
export const Retry = z.object({
  max: z.int().min(0).max(10),
  backoffMs: z.int().min(100).max(3_600_000).default(1_000),
  factor: z.number().min(1).max(10).default(2),
  jitter: z.number().min(0).max(1).default(0.2),
  on: z.array(z.enum(['failed', 'timed_out', 'lost'])).default(['failed', 'timed_out']),
})
export type Retry = z.infer<typeof Retry>

/**
 * Of all tasks with this key at most `limit` run at once. `onFull`: wait; or drop those that wait, as soon as it is asked for;
 * or that, and end those that run, once it may start.
 */
export const Concurrency = z.object({
  key: z.string().min(1).max(100),
  limit: z.int().min(1).max(64).default(1),
  onFull: z.enum(['queue', 'replace', 'cancel_running']).default('queue'),
})
export type Concurrency = z.infer<typeof Concurrency>

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
  /** Tasks that must have completed before: where one of them ends otherwise this one is cancelled [S111]. */
  dependsOn: z.array(Id).max(64).optional(),
  /** Tasks that belong together, to be shown and cancelled so. */
  groupId: Id.optional(),
  concurrency: Concurrency.optional(),
  retry: Retry.optional(),
  /** Not before this long after it was asked for, or this time (ms since the epoch, the server's clock). */
  delayMs: z
    .int()
    .min(0)
    .max(366 * 86_400_000)
    .optional(),
  runAt: z.number().optional(),
  /** One that nobody has begun after so long in the queue is ended. */
  queueTtlMs: z
    .int()
    .min(100)
    .max(30 * 86_400_000)
    .optional(),
  /** A person has to say yes first, whatever the policy: what they are asked. */
  gate: z.object({ summary: z.string().min(1).max(2_000) }).optional(),
  /** Files to be kept when it has ended, by paths or patterns relative to the workspace's root, as `dist/*.tgz`. */
  artifacts: z.array(z.string().min(1).max(400)).max(32).optional(),
})
export type TaskInput = z.infer<typeof TaskInput>

const waiting = ['scheduled', 'blocked', 'awaiting_approval', 'queued'] as const
const held = ['leased', 'running', 'cancelling', 'disconnected'] as const
const ended = ['completed', 'failed', 'timed_out', 'cancelled', 'lost'] as const
/** Every state there is, by what it means: nobody has begun it; a daemon has it, and a slot for it; it is over. */
export const statesThat = { wait: waiting, areHeld: held, haveEnded: ended }
export const taskStates = [...waiting, ...held, ...ended] as const
export const TaskState = z.enum(taskStates)
export type TaskState = z.infer<typeof TaskState>
/** How an attempt ended; `parked`: the task goes on with another. */
const AttemptOutcome = z.enum([...taskStates, 'parked'])
export type AttemptOutcome = z.infer<typeof AttemptOutcome>

const isOneOf =
  (states: readonly TaskState[]) =>
  (state: TaskState): boolean =>
    states.includes(state)
/** Whether a task in this state has ended. */
export const isTerminal = isOneOf(ended)
/** Whether a daemon holds a task in this state: it then takes one of that daemon's slots. */
export const isHeld = isOneOf(held)

/** The most bytes of one segment of a whole output in the blob store. */
export const maxSegmentBytes = 2 ** 20

/**
 * The whole output of an attempt that has ended: segments of at most 1 MiB in the blob store, in order, each a run of
 * lines of JSON (`LogLine`). `bytes` is what the command wrote; `truncated`: its middle was left out.
 */
export const TaskOutput = z.object({
  bytes: z.int().nonnegative(),
  truncated: z.boolean(),
  tail: z.string().max(4000),
  segments: z
    .array(z.object({ blob: BlobHash, size: z.int().nonnegative().max(maxSegmentBytes), lines: z.int().nonnegative() }))
    .max(64)
    .optional(),
  /** Why it could not be kept at the server, in words. */
  unkept: z.string().max(400).optional(),
})
export type TaskOutput = z.infer<typeof TaskOutput>

/** A file that was kept: a blob of the server's. */
export const Artifact = z.object({ path: z.string().max(4096), blob: BlobHash, size: z.int().nonnegative() })
export type Artifact = z.infer<typeof Artifact>

/** The artifact in which the whole of a large execution lies. */
export const executionFile = 'execution.json'

const SomePaths = z.array(z.string().max(400)).max(20)
/**
 * What a command made that programs outside the sandbox would run or obey: its first paths, which lie in `folder` of the
 * workspace now, and those that could not be moved there.
 */
export const SetAside = z.object({ folder: z.string().max(400), paths: SomePaths, left: SomePaths })
export type SetAside = z.infer<typeof SetAside>

/** The code of an attempt whose daemon gave it back: believed only where no start was told. */
export const notBegun = 'not-begun'

/** How an attempt ended. */
export const TaskResult = z.object({
  exitCode: z.int().nullable().optional(),
  signal: z.string().max(40).optional(),
  /** In words, for a person: why it failed, or why it could not run. */
  error: z.string().max(4000).optional(),
  code: z.string().max(60).optional(),
  /** The command failed and its output looks as if for want of the network, which the sandbox refuses. */
  wantedNetwork: z.boolean().optional(),
  /** Hosts that it wanted to reach beyond what it was granted, as `host:port`: some of them, as it wrote them. */
  refusedHosts: z.array(z.string().max(300)).max(20).optional(),
  sandbox: z.enum(['full', 'reduced', 'none']).optional(),
  setAside: SetAside.optional(),
  output: TaskOutput.optional(),
  artifacts: z.array(Artifact).max(100).optional(),
  /** What came of code; `truncated` where all of it is too much for a record and lies in the artifact `executionFile`. */
  execution: ExecutionResult.optional(),
})
export type TaskResult = z.infer<typeof TaskResult>

/** A daemon's refusal: why, as a code and in words. It counts for that boot of it: the next may have another policy. */
const Pass = z.object({
  daemonId: Id,
  bootId: Id.optional(),
  name: z.string(),
  code: z.string().max(60),
  reason: z.string().max(500),
})
export type Pass = z.infer<typeof Pass>

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
        outcome: AttemptOutcome.optional(),
        exitCode: z.int().nullable().optional(),
        error: z.string().max(400).optional(),
        /** Where the output of this attempt lies, once it has ended. */
        output: TaskOutput.omit({ tail: true }).optional(),
      }),
    )
    .max(10),
  /** Daemons that refused it while it waits; others may run it. */
  passedBy: z.array(Pass).max(64).optional(),
  /** How often it was run again by itself since somebody asked for it. */
  retries: z.int().nonnegative().optional(),
  /** The task of which this is another run. */
  rerunOf: Id.optional(),
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
