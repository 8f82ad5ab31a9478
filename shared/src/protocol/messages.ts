import { z } from 'zod'
import { Id } from '../base/ids.ts'
import { Cause } from './history.ts'
import { SandboxTier } from './sandbox.ts'
import { TaskOutput, TaskResult, TerminalSize } from './task.ts'

/** Raised when an old peer could misread a new message. */
export const protocolVersion = 1

const Attempt = z.object({ task: Id, attempt: z.int().positive() })

/** What a person is asked: bound to exact arguments by `argsHash`. */
const Question = z.object({
  argsHash: z.string().max(128),
  summary: z.string().max(2000),
  reason: z.string().max(500),
  risk: z.enum(['low', 'medium', 'high']),
})

/** What an attempt that ended early waits for: people's answers about calls it wants to make, or that some time passes, ms. */
const Parked = z.union([
  z.object({
    questions: z
      .array(z.object({ ...Question.shape, call: z.string().min(1).max(200), action: z.string().max(100) }))
      .min(1)
      .max(16),
  }),
  z.object({
    restMs: z
      .int()
      .min(0)
      .max(366 * 86_400_000),
  }),
])
export type Parked = z.infer<typeof Parked>
/** Numbers a message so that its answer can name it, and so that a repeated one is known. */
const n = z.int().nonnegative()

/** What a daemon says over its own document's stateless channel [S58] [S80]. Repeated until answered. */
export const FromDaemon = z.discriminatedUnion('t', [
  z.object({
    t: z.literal('hello'),
    protocol: z.int(),
    bootId: Id,
    /** The daemon's monotonic clock in ms: echoed, so that the lease is counted from the moment of asking. */
    mono: z.number(),
    slots: z.int().min(0).max(64),
    running: z.array(Attempt).max(256),
    capabilities: z.array(z.string().max(60)).max(64).optional(),
    sandbox: SandboxTier.optional(),
    lastGrantSeq: z.int().nonnegative(),
  }),
  z.object({ t: z.literal('claim'), n, task: Id, mono: z.number() }),
  z.object({
    t: z.literal('report'),
    n,
    task: Id,
    attempt: z.int().positive(),
    state: z.enum(['running', 'completed', 'failed', 'timed_out', 'cancelled']),
    result: TaskResult.optional(),
  }),
  /** The owner's policy wants a person to decide first: the task waits and holds no slot. */
  z.object({ t: z.literal('ask'), n, task: Id, ...Question.shape }),
  /** The attempt has ended, and the task has not: it holds no slot, and another attempt goes on once what it waits for is there. */
  z.object({
    t: z.literal('park'),
    n,
    ...Attempt.shape,
    reason: z.string().max(500),
    waits: Parked,
    result: TaskResult.optional(),
  }),
  /** The daemon will never run this task: denied by policy, or no sandbox. */
  z.object({ t: z.literal('refuse'), n, task: Id, code: z.string().max(60), reason: z.string().max(500) }),
  /** Where the whole output of an attempt that ended lies, when its report did not say; repeated until the record does. */
  z.object({ t: z.literal('output'), task: Id, attempt: z.int().positive(), output: TaskOutput }),
  z.object({ t: z.literal('ping'), stamp: z.number() }),
  /** These Yjs client ids are mine, and what they write has this cause; said before their first change. */
  z.object({ t: z.literal('writes-as'), clients: z.array(z.int().nonnegative()).max(64), cause: Cause }),
])
export type FromDaemon = z.infer<typeof FromDaemon>

/** What is typed at a task's terminal at once, in UTF-16 units: what somebody pastes goes in several pieces. */
const Typed = z.string().min(1).max(8_192)

/**
 * What somebody who watches a task's terminal says over their own requests document's channel [S83]: it needs the role
 * runner. Answered by `heard`, or by an error with the same `n`. Who typed last drives: the terminal has their size. Until somebody has typed,
 * who said their size first does.
 */
export const AtTerminal = z.discriminatedUnion('t', [
  z.object({ t: z.literal('type'), n, ...Attempt.shape, data: Typed }),
  /** The size of their view; said at first, and when it changes. */
  z.object({ t: z.literal('resize'), n, ...Attempt.shape, size: TerminalSize }),
])
export type AtTerminal = z.infer<typeof AtTerminal>

/** What the server says to one daemon. */
export const ToDaemon = z.discriminatedUnion('t', [
  z.object({
    t: z.literal('hello-ack'),
    /** Which workspaces this daemon is connected for [S68]. */
    workspaceIds: z.array(Id).optional(),
    protocol: z.int(),
    mono: z.number(),
    serverTime: z.number(),
    leaseMs: z.number(),
    /** Attempts that are not this daemon's (any more): kill them. */
    kill: z.array(Attempt),
  }),
  z.object({
    t: z.literal('grant'),
    n,
    task: Id,
    attempt: z.int().positive(),
    grantSeq: z.int(),
    mono: z.number(),
    leaseMs: z.number(),
  }),
  z.object({ t: z.literal('no-grant'), n, task: Id, reason: z.string() }),
  z.object({ t: z.literal('ack'), n }),
  z.object({ t: z.literal('cancel'), task: Id, attempt: z.int().positive(), force: z.boolean() }),
  /** Somebody's, in that session of theirs, at the terminal of a task. Lost with its connection: it is never repeated. */
  z.object({ t: z.literal('typed'), ...Attempt.shape, by: Id, session: Id, data: Typed }),
  z.object({ t: z.literal('resized'), ...Attempt.shape, by: Id, session: Id, size: TerminalSize }),
  z.object({ t: z.literal('status-request') }),
  z.object({ t: z.literal('pong'), stamp: z.number() }),
  z.object({ t: z.literal('error'), code: z.string(), message: z.string(), details: z.unknown().optional() }),
])
export type ToDaemon = z.infer<typeof ToDaemon>

/** What the server says to everyone over the `ops` document's channel. `seq` is the workspace's version number [S205]. */
export const ToEveryone = z.discriminatedUnion('t', [
  z.object({ t: z.literal('version'), generation: z.int(), seq: z.int() }),
  z.object({ t: z.literal('store'), writable: z.boolean(), reason: z.string().optional() }),
  z.object({ t: z.literal('error'), code: z.string(), message: z.string(), details: z.unknown().optional() }),
])
export type ToEveryone = z.infer<typeof ToEveryone>

/** Parses one stateless payload; the issues where it is not what it should be. */
export function parseMessage<S extends z.ZodType>(
  schema: S,
  payload: string,
): { message: z.infer<S> } | { issues: string[] } {
  let raw: unknown
  try {
    raw = JSON.parse(payload)
  } catch {
    return { issues: ['not JSON'] }
  }
  const parsed = schema.safeParse(raw)
  return parsed.success
    ? { message: parsed.data }
    : { issues: parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`) }
}
