import type { ChatMessage, Id } from '@tandem/shared'

/** A message as it stands in a conversation, with its id. */
export type Sent = ChatMessage & { readonly id: string }

/** What a person began, and what they sent to the same run after it, in order. */
export type Turn = { readonly first: Sent; readonly run: Id; readonly later: readonly Sent[] }

/**
 * The turns of a conversation, in order of time. A message that was sent again in the place of another takes that one's
 * place, and what followed that one is of a course that nobody follows any more.
 */
export function turnsOf(messages: ReadonlyMap<string, ChatMessage>): readonly Turn[] {
  const sent = [...messages].map(([id, message]) => ({ ...message, id })).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const turns: { first: Sent; run: Id; later: Sent[] }[] = []
  for (const message of sent) {
    const at = turns.findIndex(({ first }) => first.id === message.replaces)
    if (at >= 0) turns.length = at
    const own = turns.find(({ run }) => run === message.run)
    if (own) own.later.push(message)
    else turns.push({ first: message, run: message.run, later: [] })
  }
  return turns
}
