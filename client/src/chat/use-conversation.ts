import { isTerminal, type Id, type Task } from '@tandem/shared'
import { openChat, openReview, openRun, type Chat } from '@tandem/shared/docs'
import { useMemo, useSyncExternalStore } from 'react'
import { useDoc, useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { blocksOf } from './blocks.ts'
import { turnsOf } from './turns.ts'

const nothing = { snapshot: () => undefined, subscribe: () => () => {} }
const noMessages: ReturnType<Chat['snapshot']> = new Map()
const nobody = { snapshot: () => noMessages, subscribe: () => () => {} }
const untitled = { snapshot: () => '', subscribe: () => () => {} }

/** One conversation: what people wrote in it, as turns, and its document to write in; `chat` is undefined until it is open. */
export function useConversation(conversationId: Id) {
  const handle = useDoc({ kind: 'chat', conversationId })
  const chat = useMemo(() => handle && openChat(handle.doc), [handle])
  const messages = useView(chat ?? nobody)
  const title = useView(chat?.title ?? untitled)
  const state = useSyncExternalStore(handle?.state.subscribe ?? nothing.subscribe, () => handle?.state.snapshot())
  const turns = useMemo(() => turnsOf(messages), [messages])
  return { chat, turns, title, isHere: messages.size > 0 || state?.ready === true, refused: state?.refused }
}

/** The agent at work on one run [S245]: what it said and did, and how it stands; its draft is looked at by itself. */
export function useAgent(runId: Id) {
  const session = useSession()
  const handle = useDoc({ kind: 'run', runId })
  const decided = useDoc({ kind: 'review', runId })
  const run = useMemo(() => handle && openRun(handle.doc), [handle])
  const review = useMemo(() => decided && openReview(decided.doc), [decided])
  const task: Task | undefined = useView(session.tasks).get(runId)
  const about = useSyncExternalStore(run?.subscribe ?? nothing.subscribe, () => run?.snapshot())
  const messages = useSyncExternalStore(run?.messages.subscribe ?? nothing.subscribe, () => run?.messages.snapshot())
  const journal = useSyncExternalStore(run?.journal.subscribe ?? nothing.subscribe, () => run?.journal.snapshot())
  const delivered = useSyncExternalStore(run?.delivered.subscribe ?? nothing.subscribe, () => run?.delivered.snapshot())
  const hunks = useSyncExternalStore(run?.hunks.subscribe ?? nothing.subscribe, () => run?.hunks.snapshot())
  const decisions = useSyncExternalStore(review?.subscribe ?? nothing.subscribe, () => review?.snapshot())
  const earlier = about?.about?.earlier?.reduce((sum, { from, to }) => sum + to - from, 0) ?? 0
  const progress = about?.progress
  const blocks = useMemo(
    () => (messages && journal ? blocksOf({ messages, journal, progress, earlier }) : []),
    [messages, journal, progress, earlier],
  )
  return { run, task, about, blocks, delivered, hunks, decisions }
}

export type Agent = ReturnType<typeof useAgent>

export type ConversationItem = { id: Id; title: string; at: number; isActive: boolean }

/** The conversations in which the agent was asked for something, the newest first: those that only wait to be asked, too. */
export function useConversations(): readonly ConversationItem[] {
  const session = useSession()
  const tasks = useView(session.tasks)
  const requests = useView(session.requests)
  return useMemo(() => {
    const items = new Map<Id, ConversationItem>()
    const add = (payload: Task['payload'], title: string, at: number, isActive: boolean) => {
      if (payload.kind !== 'agent' || payload.conversationId === undefined) return
      const held = items.get(payload.conversationId)
      const isFirst = !held || at < held.at
      items.set(payload.conversationId, {
        id: payload.conversationId,
        // What it began with is what it is called, until it is given a title.
        title: isFirst ? title : held.title,
        at: Math.max(at, held?.at ?? 0),
        isActive: isActive || (held?.isActive ?? false),
      })
    }
    const all = [...tasks.values()].toSorted((a, b) => a.createdAt - b.createdAt)
    for (const { payload, title, createdAt, state } of all) add(payload, title, createdAt, !isTerminal(state))
    for (const [id, { body, clientAt }] of requests)
      if (body.kind === 'create' && !tasks.has(id)) add(body.task.payload, body.task.title, clientAt, true)
    return [...items.values()].toSorted((a, b) => b.at - a.at)
  }, [tasks, requests])
}
