import type { z } from 'zod'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What came of a call: `text` for the model, `details` (a diff, a task's id) for people. */
export type ToolResult = { readonly text: string; readonly isError?: boolean; readonly details?: Json }

export type CallContext = {
  readonly callId: string
  readonly signal: AbortSignal
  /** Kept before it resolves: what `recall` is to know should this process end before the call does. */
  note(note: Json): Promise<void>
}

/** One thing the model can do. `input` has been parsed by its schema. */
export type Tool = {
  readonly name: string
  readonly description: string
  readonly input: z.ZodType
  /** It changes nothing anywhere: cut off, it is simply run again. */
  readonly isRead?: boolean
  /** Does it. What fails is a result with `isError`; what is thrown is taken for one, too. */
  run(input: unknown, context: CallContext): Promise<ToolResult>
  /**
   * What became of a call that was cut off, from its note. `not-done`: nothing of it happened, nor will, and it may run
   * now. Without this it is never known.
   */
  recall?(input: unknown, note: Json | undefined, context: CallContext): Promise<ToolResult | 'not-done' | 'unknown'>
}
