import type { ModelMessage } from 'ai'
import type { SavedRun } from './state.ts'

type Part = Exclude<ModelMessage['content'], string>[number]

/** What these said is needed as long as the run goes on. */
const kept: ReadonlySet<string> = new Set(['activateSkill'])
const left = '(left out to make room: call it again if you need it)'

/**
 * What goes to the model of a run: its messages, less what was pruned, and a summary in place of the oldest. No result is
 * longer than `maxResult` letters.
 */
export function contextOf(
  { messages, progress }: Pick<SavedRun, 'messages' | 'progress'>,
  maxResult = Infinity,
): ModelMessage[] {
  const { prunedTo, summary } = progress
  const all = messages.map((message, i) => (i < prunedTo ? pruned(message) : shortened(message, maxResult)))
  if (!summary) return all
  const content = `[A summary of all that came before, made to save room. It is not what anyone said.]\n\n${summary.text}`
  return [{ role: 'user', content }, ...all.slice(summary.upTo)]
}

/** About how many tokens the next question is: as many as the last one and its answer, and what has been added since. */
export function contextNow(run: Pick<SavedRun, 'messages' | 'progress'>, maxResult: number): number {
  const { messages, progress } = run
  if (progress.context === 0) return tokensOf(contextOf(run, maxResult))
  const answer = messages.findLastIndex((message) => message.role === 'assistant')
  return progress.context + tokensOf(messages.slice(answer + 1).map((message) => shortened(message, maxResult)))
}

function shortened(message: ModelMessage, max: number): ModelMessage {
  if (message.role !== 'tool') return message
  const content = message.content.map((part) => {
    if (part.type !== 'tool-result' || (part.output.type !== 'text' && part.output.type !== 'error-text')) return part
    return { ...part, output: { ...part.output, value: cutMiddle(part.output.value, max) } }
  })
  return { ...message, content }
}

/** Its beginning and its end. */
export function cutMiddle(text: string, max: number): string {
  if (text.length <= max) return text
  const half = Math.floor(max / 2)
  return `${text.slice(0, half)}\n… ${text.length - 2 * half} characters left out …\n${text.slice(-half)}`
}

function pruned(message: ModelMessage): ModelMessage {
  if (message.role !== 'tool') return message
  return { ...message, content: message.content.map((part) => (isLong(part) ? { ...part, output: omitted } : part)) }
}
const omitted = { type: 'text' as const, value: left }
const isLong = (part: Part) =>
  part.type === 'tool-result' && !kept.has(part.toolName) && JSON.stringify(part.output).length > 2 * left.length

/**
 * Before which message room is made so that the last so many rounds stay as they are: never between a call and its
 * result. 0 where there are not as many.
 */
export function roundsFromEnd(messages: readonly ModelMessage[], rounds: number): number {
  let at = messages.length
  for (let i = 0; i < rounds && at > 0; i++)
    at = messages.findLastIndex((message, j) => j < at && message.role === 'assistant')
  return Math.max(0, at)
}

/** How many tokens a text is, about: what of it goes is known only to the model. */
export const tokensOf = (value: unknown) => Math.ceil(JSON.stringify(value).length / 4)

/** The last messages of an earlier talk, at most `max` [S250], beginning with what a person said. */
export function lastMessages(messages: readonly ModelMessage[], max = 50): ModelMessage[] {
  const some = messages.slice(-max)
  const from = some.findIndex((message) => message.role === 'user')
  return from === -1 ? [] : some.slice(from)
}

/** Messages as words, for a model that is to sum them up: what tools said is shortened, and the middle left out. */
export function transcript(messages: readonly ModelMessage[], maxLetters: number): string {
  const text = messages.map((message) => `${message.role}: ${wordsOf(message)}`).join('\n\n')
  if (text.length <= maxLetters) return text
  const head = Math.floor(maxLetters / 4)
  return `${text.slice(0, head)}\n\n[…]\n\n${text.slice(head - maxLetters)}`
}

function wordsOf({ content }: ModelMessage): string {
  if (typeof content === 'string') return content
  const words = content.map((part) => {
    if (part.type === 'text') return part.text
    if (part.type === 'tool-call') return `[calls ${part.toolName} ${JSON.stringify(part.input).slice(0, 1000)}]`
    return part.type === 'tool-result' ? `[${part.toolName}: ${JSON.stringify(part.output).slice(0, 1000)}]` : ''
  })
  return words.join('\n')
}
