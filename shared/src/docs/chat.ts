import type * as Y from 'yjs'
import type { z } from 'zod'
import { createId, type Id } from '../base/ids.ts'
import { ChatMessage } from '../protocol/agent.ts'
import { checked } from './checked.ts'
import { openRecords, type Change } from './records.ts'
import { cachedView, type View } from './view.ts'

/** So many characters of a title are shown. */
const maxTitle = 200

/** What people wrote in one conversation, by id, which is in order of time. Whose each is, `writer` tells. */
export type Chat = View<ReadonlyMap<string, ChatMessage>> & {
  /** Empty until somebody gave one. */
  title: View<string>
  setTitle(title: string): void
  /**
   * Writes a message and returns its id, `id` where the run that it begins was told it before. Throws `validation-failed`
   * for one that is too large.
   */
  send(message: z.input<typeof ChatMessage>, id?: Id): Id
  /** Changes one that was not delivered yet; what was is in the run. False where it is gone. */
  edit(id: string, change: Partial<Pick<ChatMessage, 'text' | 'mentions' | 'deliver'>>): boolean
  withdraw(id: string): void
  /** The Yjs client that wrote a message as it stands. */
  writer(id: string): number | undefined
  /** The change that did: who made it, and who only passed it on, the server knows. */
  change(id: string): Change | undefined
}

/** One conversation, as people write it; what the agent says in it is in the documents of its runs. */
export function openChat(doc: Y.Doc): Chat {
  const messages = openRecords(doc, 'messages', ChatMessage)
  const about = doc.getMap<unknown>('about')
  return {
    snapshot: messages.snapshot,
    subscribe: messages.subscribe,
    title: cachedView(
      () => {
        const title = about.get('title')
        return typeof title === 'string' ? title.slice(0, maxTitle) : ''
      },
      (changed) => about.observe(changed),
    ),
    setTitle: (title) => void about.set('title', title.trim().slice(0, maxTitle)),
    send: (message, id = createId()) => {
      messages.set(id, checked(ChatMessage, message, 'message'))
      return id
    },
    edit: (id, change) => {
      const message = messages.get(id)
      if (!message) return false
      messages.set(id, checked(ChatMessage, { ...message, ...change }, 'message'))
      return true
    },
    withdraw: messages.remove,
    writer: messages.writer,
    change: messages.change,
  }
}
