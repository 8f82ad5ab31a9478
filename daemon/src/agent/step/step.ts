import type { LanguageModelV4 } from '@ai-sdk/provider'
import type { Clock } from '@tandem/shared'
import type { AssistantModelMessage, ModelMessage, ToolSet } from 'ai'
import type { z } from 'zod'
import { createCallIds } from './call-ids.ts'
import { watchDeadlines, type Deadlines } from './deadlines.ts'
import { failureOf, type Failure } from './failure.ts'
import { createStringFields, type FieldPath } from './string-fields.ts'

// It would warn on the console of what a provider does not support.
globalThis.AI_SDK_LOG_WARNINGS = false

/** What is shown of an answer while it comes. Whatever was shown is void at the next `begin`. */
export type Live = {
  begin(): void
  text(piece: string): void
  reasoning(piece: string): void
  /** It begins to write a call's arguments. */
  call(call: { readonly id: string; readonly tool: string }): void
  /** A string among the arguments goes on. */
  field(callId: string, path: FieldPath, piece: string): void
}

export type StepUsage = {
  readonly input: number
  readonly cachedInput: number
  readonly output: number
}

/** A call that the model made. `error` says why it cannot be run as it is. */
export type Call = { readonly id: string; readonly tool: string; readonly input: unknown; readonly error?: string }

export type Said = {
  readonly message: AssistantModelMessage
  readonly calls: readonly Call[]
  readonly isCut: boolean
  readonly usage: StepUsage
}

export type StepEnd =
  | ({ readonly end: 'said' } & Said)
  | { readonly end: 'failed'; readonly failure: Failure }
  /** The signal; `text` is what it had said by then. */
  | { readonly end: 'stopped'; readonly text: string }

export type Ask = {
  readonly model: LanguageModelV4
  readonly instructions: string
  readonly messages: readonly ModelMessage[]
  readonly tools: readonly { readonly name: string; readonly description: string; readonly input: z.ZodType }[]
  readonly maxOutputTokens: number
  /** Ids of calls that this run made before. */
  readonly takenIds: ReadonlySet<string>
}

export type AskPorts = {
  readonly live: Live
  readonly deadlines: Deadlines
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Asks a model once and streams its answer. Nothing of it has an effect: no tool is run here, so that what the model
 * asked for can be kept before anything is done about it. Never rejects.
 */
export async function runStep(ask: Ask, { live, deadlines, clock, signal }: AskPorts): Promise<StepEnd> {
  const watch = watchDeadlines(deadlines, clock, signal)
  const ids = createCallIds(ask.takenIds)
  const fields = new Map<string, (piece: string) => void>()
  const calls: Call[] = []
  let text = ''
  let failure: Failure | undefined
  live.begin()
  try {
    // Only now: loading it takes a while, and many daemons never ask a model.
    const { streamText, tool } = await import('ai')
    const tools: ToolSet = {}
    // Without `execute`: a call ends the step.
    for (const { name, description, input } of ask.tools) tools[name] = tool({ description, inputSchema: input })
    const answer = streamText({
      model: ask.model,
      instructions: ask.instructions,
      messages: [...ask.messages],
      tools,
      maxOutputTokens: ask.maxOutputTokens,
      // What was sent before costs a tenth; the others do so by themselves.
      providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } },
      // Retries are ours: they begin from what was kept, and are told of.
      maxRetries: 0,
      abortSignal: watch.signal,
      onError: () => {},
    })
    for await (const part of answer.stream) {
      if (part.type !== 'start' && part.type !== 'start-step') watch.seen()
      if (part.type === 'text-delta') {
        text += part.text
        live.text(part.text)
      } else if (part.type === 'reasoning-delta') live.reasoning(part.text)
      else if (part.type === 'tool-input-start') {
        const id = ids.begun(part.id)
        live.call({ id, tool: part.toolName })
        fields.set(
          part.id,
          createStringFields((path, piece) => live.field(id, path, piece)),
        )
      } else if (part.type === 'tool-input-delta') fields.get(part.id)?.(part.delta)
      else if (part.type === 'tool-call') {
        const wrong = part.invalid === true ? { error: wordsFor(part.error, part.toolName) } : {}
        calls.push({ id: ids.whole(part.toolCallId), tool: part.toolName, input: part.input, ...wrong })
      } else if (part.type === 'error') failure ??= failureOf(part.error, clock.now())
    }
    if (signal.aborted) return { end: 'stopped', text }
    if (watch.isLate()) failure = { kind: 'hang', message: 'the model took too long' }
    if (failure) return { end: 'failed', failure }
    // Only now: these reject where the stream had an error, with nobody to hear it.
    const finish = await answer.finishReason
    if (finish === 'content-filter') return failed('refused', 'the provider withheld the answer (content filter)')
    // Its end was never told of, though nothing broke: half of it may be missing.
    if (finish === 'interrupted' || finish === 'error') return failed('cut', 'the answer broke off')
    const message = (await answer.responseMessages).find((each) => each.role === 'assistant')
    if (!message || (text.trim() === '' && calls.length === 0))
      return failed('empty', 'the model answered with nothing')
    const counted = await answer.usage
    return {
      end: 'said',
      message: ids.in(message),
      calls,
      isCut: finish === 'length',
      usage: {
        input: counted.inputTokens ?? 0,
        cachedInput: counted.inputTokenDetails?.cacheReadTokens ?? 0,
        output: counted.outputTokens ?? 0,
      },
    }
  } catch (e) {
    if (signal.aborted) return { end: 'stopped', text }
    if (watch.isLate()) return failed('hang', 'the model took too long')
    return { end: 'failed', failure: failure ?? failureOf(e, clock.now()) }
  } finally {
    watch.end()
  }
}

const failed = (kind: Failure['kind'], message: string): StepEnd => ({ end: 'failed', failure: { kind, message } })

/** Why a call cannot be run, for the model to do better. */
function wordsFor(error: unknown, name: string): string {
  const words = error instanceof Error ? error.message : 'it cannot be understood'
  // The SDK quotes all that was sent, which the model has anyway, before it says what is wrong.
  const said = words.replace(/: (?:\w+: )?[^\n]*?failed: (?:Text|Value): [^]*\nError message:/, ':')
  return `the call of ${name} was not run: ${said.slice(0, 2000)}`
}
