import { type AgentMode, createId, type Id, type Mention } from '@tandem/shared'
import type { Chat } from '@tandem/shared/docs'
import type { Session } from '../session/session.ts'

/** A run may take so long, ms: what it uses is bounded by itself, and while it waits for a person it takes nothing. */
const runTimeoutMs = 4 * 3_600_000

export type Wanted = {
  text: string
  mentions: Mention[]
  mode: AgentMode
  model: string | undefined
  /** The message in whose place this one stands. */
  replaces?: Id | undefined
}

type Conversation = { session: Session; chat: Chat; conversation: Id }

/** Begins a run with a message: a task, asked for as any other. Works offline. Returns the run's id. */
export function beginRun({ session, chat, conversation }: Conversation, wanted: Wanted): Id {
  const { text, mentions, mode, model, replaces } = wanted
  const message = createId()
  const title = text.trim().split('\n')[0]?.slice(0, 200) || 'A message without words'
  const chosen = model === undefined ? {} : { model }
  const run = session.requests.ask({
    kind: 'create',
    task: {
      title,
      payload: { kind: 'agent', prompt: text, conversationId: conversation, message, mentions, mode, ...chosen },
      timeoutMs: runTimeoutMs,
      onLost: 'requeue',
    },
  })
  const at = session.serverNow()
  chat.send({ text, mentions, mode, ...chosen, deliver: 'now', run, at, ...(replaces && { replaces }) }, message)
  return run
}

/** Sends to a run that goes on: heard at its next step (`steer`), or once it has answered. */
export function sendTo({ session, chat }: Conversation, run: Id, deliver: 'steer' | 'queue', wanted: Wanted): void {
  const { text, mentions, mode } = wanted
  chat.send({ text, mentions, mode, deliver, run, at: session.serverNow() })
}

/** Asks that a run be stopped; asked twice, at once. */
export const stopRun = (session: Session, run: Id, force = false): void =>
  void session.requests.ask({ kind: 'cancel', task: run, force })
