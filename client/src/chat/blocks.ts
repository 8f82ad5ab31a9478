import type { CallRecord, RunMessage } from '@tandem/shared'
import { z } from 'zod'

/** One piece of a run as it is read, in order. Keys stay the same while a run grows. */
export type Block =
  | { readonly kind: 'text' | 'reasoning' | 'summary'; readonly key: string; readonly text: string }
  /** What a person sent while it went on; `of` is their message, where it is one. */
  | { readonly kind: 'said'; readonly key: string; readonly text: string; readonly of: string | undefined }
  | CallBlock

export type CallBlock = {
  readonly kind: 'call'
  readonly key: string
  readonly call: string
  readonly tool: string
  readonly input: unknown
  /** `asked`: nothing of it was done yet. */
  readonly state: 'asked' | 'begun' | 'ended'
  readonly isError: boolean
  /** What the model is told. */
  readonly text: string | undefined
  readonly details: unknown
  /** From when it could begin to when it had ended, ms; undefined where that is not known. */
  readonly tookMs: number | undefined
}

const Text = z.object({ type: z.literal('text'), text: z.string() })
const Reasoning = z.object({ type: z.literal('reasoning'), text: z.string() })
const Call = z.object({
  type: z.literal('tool-call'),
  toolCallId: z.string(),
  toolName: z.string(),
  input: z.unknown(),
})
const Result = z.object({
  type: z.literal('tool-result'),
  toolCallId: z.string(),
  output: z.object({ type: z.string(), value: z.unknown() }),
})
type Outcome = { text: string; isError: boolean }

/** Where the loop says that a summary stands in place of what is before `upTo`, counted with what earlier runs said. */
const Summed = z.object({ summary: z.object({ upTo: z.number(), text: z.string() }) })

type Told = {
  messages: readonly RunMessage[]
  journal: ReadonlyMap<string, CallRecord>
  /** The run's progress as it is in its document, and how many messages it was given of earlier runs. */
  progress?: unknown
  earlier?: number
}

/** What a run said and did, for people to read. What is not understood is left out. */
export function blocksOf({ messages, journal, progress, earlier = 0 }: Told): readonly Block[] {
  const outcomes = outcomesOf(messages)
  const summary = Summed.safeParse(progress).data?.summary
  const blocks: Block[] = []
  let isBegun = false
  messages.forEach((each, i) => {
    if (summary && summary.upTo - earlier === i) blocks.push({ kind: 'summary', key: 'summary', text: summary.text })
    const { role, content } = each.message
    if (role === 'user') {
      // What it begins with stands above it, as the person wrote it.
      if (isBegun) blocks.push({ kind: 'said', key: `${i}`, text: textOf(content), of: each.of })
      return
    }
    if (role !== 'assistant') return
    isBegun = true
    if (typeof content === 'string') return void blocks.push({ kind: 'text', key: `${i}`, text: content })
    const calls = content.flatMap((part) => Call.safeParse(part).data ?? [])
    content.forEach((part, n) => {
      const key = `${i}.${n}`
      const said = Text.safeParse(part).data ?? Reasoning.safeParse(part).data
      if (said && said.text.trim() !== '') blocks.push({ kind: said.type, key, text: said.text })
      const call = Call.safeParse(part).data
      if (call) blocks.push(callBlock(call, journal, outcomes, tookMs(call.toolCallId, calls, journal, each.at)))
    })
  })
  return blocks
}

function callBlock(
  { toolCallId: call, toolName: tool, input }: z.infer<typeof Call>,
  journal: Told['journal'],
  outcomes: ReadonlyMap<string, Outcome>,
  took: number | undefined,
): CallBlock {
  const record = journal.get(call)
  const outcome = outcomes.get(call)
  return {
    kind: 'call',
    key: call,
    call,
    tool,
    input,
    state: outcome ? 'ended' : (record?.state ?? 'asked'),
    isError: outcome?.isError ?? record?.isError ?? false,
    text: outcome?.text ?? record?.text,
    details: record?.details,
    tookMs: took,
  }
}

/** Only of one that was alone is it known: several are noted as ended together. */
function tookMs(
  call: string,
  calls: readonly unknown[],
  journal: Told['journal'],
  askedAt: number,
): number | undefined {
  const record = journal.get(call)
  return calls.length === 1 && record?.state === 'ended' ? Math.max(0, record.at - askedAt) : undefined
}

function outcomesOf(messages: readonly RunMessage[]): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>()
  for (const { message } of messages) {
    if (message.role !== 'tool' || typeof message.content === 'string') continue
    for (const part of message.content) {
      const { data } = Result.safeParse(part)
      if (!data) continue
      const { type, value } = data.output
      const text = typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)
      outcomes.set(data.toolCallId, { text: text ?? '', isError: type.startsWith('error') })
    }
  }
  return outcomes
}

const textOf = (content: RunMessage['message']['content']): string =>
  typeof content === 'string' ? content : content.flatMap((part) => Text.safeParse(part).data?.text ?? []).join('\n')
