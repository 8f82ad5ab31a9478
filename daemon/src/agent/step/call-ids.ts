import { createId } from '@tandem/shared'
import type { AssistantModelMessage } from 'ai'

/**
 * The ids of one answer's calls. They name what is done exactly once, so one that this run had before, or that no
 * document or provider would take, is replaced by a new one: some servers count each answer's calls from 0, and some
 * give several the same.
 */
export function createCallIds(taken: ReadonlySet<string>) {
  const ids = new Map<string, string>()
  const idOf = (given: string, n: number): string => {
    const known = ids.get(`${n} ${given}`)
    if (known !== undefined) return known
    const isFine = n === 0 && /^[\w-]{1,64}$/.test(given) && !taken.has(given)
    const id = isFine ? given : `call_${createId()}`
    ids.set(`${n} ${given}`, id)
    return id
  }
  const counting = () => {
    const seen = new Map<string, number>()
    return (given: string) => {
      const n = seen.get(given) ?? 0
      seen.set(given, n + 1)
      return idOf(given, n)
    }
  }
  return {
    /** Each call is told of three times, in the same order: as it begins, when it is whole, and in the message. */
    begun: counting(),
    whole: counting(),
    /** The message with these ids, as plain JSON: what is kept is what is asked with. */
    in: (message: AssistantModelMessage): AssistantModelMessage => {
      const next = counting()
      const parts = typeof message.content === 'string' ? [] : message.content
      const renamed = parts.map((p) => (p.type === 'tool-call' ? { ...p, toolCallId: next(p.toolCallId) } : p))
      const content = typeof message.content === 'string' ? message.content : renamed
      return JSON.parse(JSON.stringify({ ...message, content })) as AssistantModelMessage
    },
  }
}
