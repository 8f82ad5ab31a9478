import type { ModelMessage } from 'ai'
import type { Json } from './tool.ts'

/** How far a call has come. Only what ended has a result; what began and did not end may have happened. */
export type Journaled =
  /** `note` is what its tool wants to know again, should it be cut off. */
  | { readonly state: 'begun'; readonly note?: Json }
  /** `text` is what the model is told, until it stands in the messages; `details` are for people. */
  | { readonly state: 'ended'; readonly text?: string; readonly isError?: boolean; readonly details?: Json }

/** What a run has used, in tokens as the provider counts them. `costUsd` is absent where nobody knows the price. */
export type Usage = {
  readonly rounds: number
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
  readonly costUsd?: number
}

/** What a run may go beyond only when a person says so. */
export type Bound = 'rounds' | 'tokens' | 'cost' | 'time' | 'repeated' | 'key'

/** Where the loop itself stands. */
export type Progress = {
  /** How often people let it go on, by what had stopped it. */
  readonly goneOn: Readonly<Partial<Record<Bound, number>>>
  /** Calls before this message are not counted as repeated any more. */
  readonly countedFrom: number
  /** Results of tools before this message go to the model no more. */
  readonly prunedTo: number
  /** What goes to the model in place of all messages before `upTo`. */
  readonly summary?: { readonly upTo: number; readonly text: string }
  /** How many tokens went into the model and came out of it the last time. */
  readonly context: number
  /** Time in which it ran, in ms; waiting for people is none. */
  readonly activeMs: number
}

/**
 * All that is kept of a run: any process can go on from it, and needs nothing else. Messages are only ever added; what
 * of them still goes to the model is told by `progress`.
 */
export type SavedRun = {
  readonly messages: readonly ModelMessage[]
  /** By the call's id. */
  readonly journal: Readonly<Record<string, Journaled>>
  readonly usage: Usage
  /** Ids of people's messages that are in `messages`. */
  readonly delivered: readonly string[]
  readonly progress: Progress
}

/** What is saved at once, all of it or nothing: lists are added to, the journal takes these entries, the rest is replaced. */
export type Change = Partial<SavedRun>

export const newRun: SavedRun = {
  messages: [],
  journal: {},
  usage: { rounds: 0, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 },
  delivered: [],
  progress: { goneOn: {}, countedFrom: 0, prunedTo: 0, context: 0, activeMs: 0 },
}

/** What a change makes of a run. */
export const changed = (run: SavedRun, change: Change): SavedRun => ({
  ...run,
  ...change,
  messages: [...run.messages, ...(change.messages ?? [])],
  delivered: [...run.delivered, ...(change.delivered ?? [])],
  journal: { ...run.journal, ...change.journal },
})

export type RunStore = {
  /** All that was saved; rejects where it cannot be understood. */
  load(): Promise<SavedRun>
  /**
   * Durable at the server when resolved, and only while the run is ours: rejects once another daemon may have it, and
   * then nothing may have an effect any more.
   */
  save(change: Change): Promise<void>
}
