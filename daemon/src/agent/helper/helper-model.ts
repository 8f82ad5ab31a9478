import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider'
import { planFor, type Got, type Move } from './plan.ts'

/**
 * The built-in helper as a model: without any key it goes through the same loop, tools, questions and review. It is no
 * language model and says so. What it does next follows from the messages alone, so another process goes on with it.
 */
export function createHelperModel(): LanguageModelV4 {
  const answer = ({ prompt }: LanguageModelV4CallOptions) => partsOf(nextMove(prompt), prompt.length)
  return {
    specificationVersion: 'v4',
    provider: 'helper',
    modelId: 'built-in',
    supportedUrls: {},
    doStream: (options) => {
      const parts = answer(options)
      const stream = new ReadableStream<LanguageModelV4StreamPart>({
        start: (controller) => {
          parts.forEach((part) => controller.enqueue(part))
          controller.close()
        },
      })
      return Promise.resolve({ stream })
    },
    doGenerate: () => Promise.reject(new Error('the helper only streams')),
  }
}

/** Plays the plan again with what came of its calls so far; the first move that nobody has answered is the next. */
function nextMove(prompt: LanguageModelV4Prompt): Move {
  const asked = prompt.findLastIndex((message) => message.role === 'user')
  const plan = planFor(textOf(prompt[asked]))
  let move = plan.next()
  for (const message of prompt.slice(asked + 1)) {
    if (message.role !== 'tool' || move.done) continue
    const got = message.content.flatMap((part): Got[] => (part.type === 'tool-result' ? [gotOf(part.output)] : []))
    move = plan.next(got)
  }
  return move.done ? { text: 'That is all.' } : move.value
}

function textOf(message: LanguageModelV4Prompt[number] | undefined): string {
  if (message?.role !== 'user') return 'help'
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
}

type Output = Extract<
  Extract<LanguageModelV4Prompt[number], { role: 'tool' }>['content'][number],
  { type: 'tool-result' }
>['output']

function gotOf(output: Output): Got {
  if (output.type === 'text' || output.type === 'error-text')
    return { text: output.value, isError: output.type === 'error-text' }
  return { text: JSON.stringify(output), isError: output.type !== 'json' && output.type !== 'content' }
}

const usage = {
  inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 0, text: 0, reasoning: 0 },
}

function* chunks(text: string): Iterable<string> {
  for (const [chunk] of text.matchAll(/\S+\s*|\s+/g)) yield chunk
}

/** `round` makes the ids of its calls others than those of its answers before. */
function partsOf({ text, calls = [] }: Move, round: number): LanguageModelV4StreamPart[] {
  const parts: LanguageModelV4StreamPart[] = [{ type: 'stream-start', warnings: [] }]
  if (text !== undefined) {
    parts.push({ type: 'text-start', id: 'text' })
    for (const delta of chunks(text)) parts.push({ type: 'text-delta', id: 'text', delta })
    parts.push({ type: 'text-end', id: 'text' })
  }
  for (const [i, { tool, input }] of calls.entries()) {
    const id = `helper_${round}_${i}`
    const json = JSON.stringify(input)
    parts.push({ type: 'tool-input-start', id, toolName: tool }, { type: 'tool-input-delta', id, delta: json })
    parts.push({ type: 'tool-input-end', id }, { type: 'tool-call', toolCallId: id, toolName: tool, input: json })
  }
  const unified = calls.length > 0 ? 'tool-calls' : 'stop'
  parts.push({ type: 'finish', finishReason: { unified, raw: undefined }, usage })
  return parts
}
