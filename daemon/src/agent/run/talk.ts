import { atLeast, type ChangesAnswer, type ChatMessage, type Clock, type Id, type Log } from '@tandem/shared'
import type { Chat, Member, Records } from '@tandem/shared/docs'
import type { Incoming } from '../loop/ports.ts'

type Change = { readonly client: number; readonly clock: number }

type TalkPorts = {
  chat: Chat
  run: Id
  members: Pick<Records<Member>, 'get'>
  /** Whose these changes of the conversation are; what the server does not have yet is missing from the answer. */
  whose(changes: readonly Change[], signal: AbortSignal): Promise<ChangesAnswer['changes']>
  /** A message as the model is given it, with what it points at. */
  textOf(message: ChatMessage, signal: AbortSignal): Promise<string>
  clock: Clock
  log: Log
}

export type Talk = {
  /** Looks up what is not known yet; comes back without it where the server cannot be asked. */
  settled(): Promise<void>
  /** Whether a message is from somebody who may run things here. */
  isHeard(id: string): boolean
  /** What people have sent to this run so far, in order. */
  incoming(): readonly Incoming[]
  close(): void
}

/** So many messages are looked at, the newest. */
const maxLooked = 2_000
const againMs = 500

/**
 * What people write in a conversation, as far as a run may hear it: only from those who may run things, for what they
 * write makes it do something. Whose a message is, its change tells, and not what it says; what somebody brought in
 * another's name is nobody's.
 */
export function openTalk(ports: TalkPorts): Talk {
  const { chat, members, clock, log } = ports
  const over = new AbortController()
  const authors = new Map<string, Id | undefined>()
  const texts = new Map<string, string>()
  let cancelTimer: (() => void) | undefined
  let looking: Promise<void> = Promise.resolve()

  const keyOf = (id: string) => {
    const change = chat.change(id)
    return change && `${change.client}.${change.clock}`
  }
  const lookUp = async () => {
    const unknown = [...chat.snapshot().keys()].slice(-maxLooked).flatMap((id) => {
      const change = chat.change(id)
      return change && !authors.has(`${change.client}.${change.clock}`) ? [change] : []
    })
    if (unknown.length > 0)
      for (const { client, clock: at, author, isVia } of await ports.whose(unknown, over.signal))
        authors.set(`${client}.${at}`, isVia || author.kind !== 'person' ? undefined : author.id)
    for (const [id, message] of chat.snapshot()) {
      const key = keyOf(id)
      if (key === undefined || texts.has(key) || !isSentTo(ports.run, message) || !isHeard(id)) continue
      texts.set(key, await ports.textOf(message, over.signal))
    }
    // We may have it before the server has it on disk.
    if (unknown.some(({ client, clock: at }) => !authors.has(`${client}.${at}`))) later()
  }
  const later = () => {
    cancelTimer ??= clock.after(againMs, () => {
      cancelTimer = undefined
      void settled()
    })
  }
  const settled = (): Promise<void> =>
    (looking = looking.then(lookUp).catch((error: unknown) => {
      if (over.signal.aborted) return
      log.warn('who wrote in a conversation could not be looked up', { error })
      later()
    }))
  const isHeard = (id: string): boolean => {
    const key = keyOf(id)
    const author = key === undefined ? undefined : authors.get(key)
    const role = author === undefined ? undefined : members.get(author)?.role
    return role !== undefined && atLeast(role, 'runner')
  }
  const stop = chat.subscribe(() => queueMicrotask(() => void (over.signal.aborted || settled())))
  return {
    settled,
    isHeard,
    incoming: () =>
      [...chat.snapshot()]
        .filter(([id, message]) => isSentTo(ports.run, message) && isHeard(id))
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([id, { deliver }]): Incoming[] => {
          const text = texts.get(keyOf(id) ?? '')
          return text === undefined ? [] : [{ id, text, delivery: deliver === 'steer' ? 'steer' : 'queue' }]
        }),
    close: () => {
      over.abort(new Error('the talk is over'))
      cancelTimer?.()
      stop()
    },
  }
}

/** What begins a run is in its task; this is what comes later. */
const isSentTo = (run: Id, message: ChatMessage) => message.run === run && message.deliver !== 'now'
