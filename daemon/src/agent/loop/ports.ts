import type { Clock, Log } from '@tandem/shared'
import type { OpenModel } from '../models/registry.ts'
import type { Deadlines } from '../step/deadlines.ts'
import type { Call, Live } from '../step/step.ts'
import type { RunStore } from './state.ts'
import type { Tool } from './tool.ts'

/** What a person is asked: bound to exactly what would be done by `argsHash`, which only this daemon can make. */
export type Question = {
  /** The call it is about; for what is not about a call, a name that is as unique. */
  readonly call: string
  readonly action: string
  readonly argsHash: string
  readonly summary: string
  readonly reason: string
  readonly risk: 'low' | 'medium' | 'high'
}

export type Answer = { readonly isYes: boolean; readonly comment?: string }

export type Verdict =
  | { readonly decision: 'allow' }
  | { readonly decision: 'deny'; readonly reason: string }
  | { readonly decision: 'ask'; readonly reason: string; readonly summary: string; readonly risk: Question['risk'] }

/** A message that a person sent to a run that goes on. */
export type Incoming = {
  readonly id: string
  readonly text: string
  /** `steer`: before the model is asked again. `queue`: once it has answered. */
  readonly delivery: 'steer' | 'queue'
}

/** The most a run may use before a person is asked. Tokens of both ways, money in US dollars, time that it ran. */
export type Limits = {
  readonly rounds: number
  readonly tokens: number
  readonly cost: number
  readonly activeMs: number
}

export const defaultLimits: Limits = { rounds: 20, tokens: 2_000_000, cost: 5, activeMs: 60 * 60_000 }

/** What is told while a run goes on, to whoever looks. Nothing of it is needed to go on. */
export type Told = Live & {
  activity(now: 'thinking' | 'executing' | 'waiting'): void
  /** The model is asked again then (ms since the epoch); nothing once it is. */
  retryAt(wait: { readonly until: number; readonly attempt: number; readonly reason: string } | undefined): void
}

export type RunPorts = {
  /** The run's id: its task's. */
  readonly runId: string
  readonly store: RunStore
  /** The model, opened anew for each round: a key may have come meanwhile. */
  openModel(): Promise<OpenModel | { readonly needsKey: string }>
  readonly tools: readonly Tool[]
  readonly instructions: string
  /** What mode, policy and grants say of a call, now. */
  judge(call: Call, tool: Tool): Verdict | Promise<Verdict>
  /** What a person said to a question; nothing while nobody has. */
  answer(question: Question): Answer | undefined
  /** What people have sent so far, in order. */
  incoming(): readonly Incoming[]
  readonly told: Told
  /** Words without any key. */
  redact(text: string): string
  /** Kept on this daemon: nobody else can make a question that was never asked look answered. */
  readonly secret: Uint8Array
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly clock: Clock
  readonly log: Log
  /** Its reason tells whether a person wanted it (`cancelled`) or this process ends. */
  readonly signal: AbortSignal
}

export type RunEnd =
  | { readonly end: 'done' }
  /** By its signal. */
  | { readonly end: 'stopped' }
  | { readonly end: 'failed'; readonly code: string; readonly reason: string }
  /** Somebody else may have the slot: another attempt goes on once these are answered, or then. */
  | { readonly end: 'parked'; readonly reason: string; readonly questions: readonly Question[] }
  | { readonly end: 'parked'; readonly reason: string; readonly until: number }
