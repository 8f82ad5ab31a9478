import { z } from 'zod'
import { Id } from '../base/ids.ts'

/** What a run may do by itself: only read; ask before each change; change files; or all that the policy allows. */
export const agentModes = ['plan', 'ask', 'auto-edit', 'auto'] as const
export const AgentMode = z.enum(agentModes)
export type AgentMode = z.infer<typeof AgentMode>

/** `provider:model`, as the daemon's configuration names it. */
export const ModelName = z.string().min(1).max(200)
export const CallId = z.string().min(1).max(200)

/** Any JSON of at most so many characters. */
const jsonUpTo = (max: number) =>
  z.json().refine((value) => JSON.stringify(value).length <= max, `longer than ${max} characters of JSON`)

/** A file, a part of it, or a symbol that a message speaks of. Lines count from 1. */
export const Mention = z.object({
  path: z.string().min(1).max(4_096),
  symbol: z.string().max(500).optional(),
  fromLine: z.int().positive().optional(),
  toLine: z.int().positive().optional(),
})
export type Mention = z.infer<typeof Mention>

/**
 * What a person wrote, until it is delivered theirs to change. `deliver`: `now` begins the run, `queue` waits until that
 * run has answered, `steer` reaches it at its next step.
 */
export const ChatMessage = z.object({
  v: z.literal(1).default(1),
  text: z.string().max(100_000),
  mentions: z.array(Mention).max(50).default([]),
  mode: AgentMode.default('ask'),
  model: ModelName.optional(),
  deliver: z.enum(['now', 'queue', 'steer']),
  /** The run that it begins, or that is to hear it: the task's id. */
  run: Id,
  /** The message in whose place it was sent again; what followed that one is of another course. */
  replaces: Id.optional(),
  at: z.number(),
})
export type ChatMessage = z.infer<typeof ChatMessage>

/** `waiting`: for a person; `sleeping`: until a time. Either holds no process. */
export const RunState = z.enum(['queued', 'running', 'waiting', 'sleeping', 'done', 'failed', 'stopped'])
export type RunState = z.infer<typeof RunState>

/** How a run stands, as one record, so that it is never seen half old [S244]. Times in ms. */
export const RunStatus = z.object({
  state: RunState,
  activity: z.enum(['idle', 'thinking', 'executing']).default('idle'),
  /** The attempt that says so: an older one is not heard any more. */
  attempt: z.int().positive(),
  /** In words, for people: what it waits for, or why it failed. */
  reason: z.string().max(2_000).optional(),
  /** What kind of reason, such as `needs-key`. */
  code: z.string().max(60).optional(),
  /** When it goes on by itself, or tries again. */
  until: z.number().optional(),
  startedAt: z.number(),
  endedAt: z.number().optional(),
})
export type RunStatus = z.infer<typeof RunStatus>

/** What a run is: nothing of it changes while it runs. */
export const RunAbout = z.object({
  v: z.literal(1).default(1),
  conversation: Id.optional(),
  mode: AgentMode,
  model: ModelName,
  /** The checkpoint that was made before it began. */
  checkpoint: Id.optional(),
  /** The version of the words that the model is given before all others. */
  prompt: z.int().optional(),
  /** Which messages of earlier runs it was given, in order: they stand there, and only there. */
  earlier: z
    .array(z.object({ run: Id, from: z.int().nonnegative(), to: z.int().nonnegative() }))
    .max(50)
    .optional(),
})
export type RunAbout = z.infer<typeof RunAbout>

/** What it took so far; what it cost is absent where nobody knows the price. */
export const RunUsage = z.object({
  rounds: z.int().nonnegative(),
  inputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  cachedInputTokens: z.int().nonnegative().optional(),
  reasoningTokens: z.int().nonnegative().optional(),
  costUsd: z.number().nonnegative().optional(),
})
export type RunUsage = z.infer<typeof RunUsage>

/** A message as the model is given it (`ModelMessage` of the AI SDK, whole): its parts are the SDK's to know. */
const ModelJson = z
  .looseObject({
    role: z.enum(['user', 'assistant', 'tool', 'system']),
    content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]),
  })
  .refine((message) => JSON.stringify(message).length <= maxMessage, `longer than ${2 ** 20} characters of JSON`)
const maxMessage = 2 ** 20

export const RunMessage = z.object({
  at: z.number(),
  /** The person's message that this is. */
  of: Id.optional(),
  message: ModelJson,
})
export type RunMessage = z.infer<typeof RunMessage>

/** Where the loop stands, beside its messages: the loop's to know. */
export const RunProgress = jsonUpTo(2 ** 18)

/** What is being streamed: the answer, the model's reasoning, or what a tool is to be given (`path`: the file meant). */
export const DraftPart = z.object({
  kind: z.enum(['text', 'reasoning', 'input']),
  call: CallId.optional(),
  tool: z.string().max(100).optional(),
  path: z.string().max(4_096).optional(),
})
export type DraftPart = z.infer<typeof DraftPart>

/**
 * How far one call of a tool has come. `begun` is written before anything is done, with what its tool wants to know again
 * (`note`) should the process end in the middle; `ended` has what the model is told (`text`, until it stands in the
 * messages) and what people are shown (`details`).
 */
export const CallRecord = z.object({
  state: z.enum(['begun', 'ended']),
  at: z.number(),
  attempt: z.int().positive(),
  note: jsonUpTo(2 ** 18).optional(),
  text: z
    .string()
    .max(2 ** 20)
    .optional(),
  isError: z.boolean().optional(),
  details: jsonUpTo(2 ** 18).optional(),
})
export type CallRecord = z.infer<typeof CallRecord>

/** When a person's message reached the run. */
export const Delivered = z.object({ at: z.number() })
export type Delivered = z.infer<typeof Delivered>
