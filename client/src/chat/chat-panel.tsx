import { atLeast, createId, Id, isTerminal } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import { AgentMode } from '@tandem/shared'
import { type ComponentType, useCallback, useMemo, useRef, useState } from 'react'
import { useDaemon } from '../session/use-daemon.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { useRemembered } from '../ui/remembered.ts'
import { Empty, Failed, Skeleton } from '../ui/states.tsx'
import styles from './chat.module.css'
import { ConversationBar } from './conversation-bar.tsx'
import { FirstSight } from './first-sight.tsx'
import { ReachContext } from './markdown.tsx'
import { MessageBox } from './message-box.tsx'
import { QueueList } from './queue-list.tsx'
import { beginRun, sendTo, stopRun, type Wanted } from './send.ts'
import { TurnView } from './turn-view.tsx'
import type { Sent } from './turns.ts'
import { useConversation, useConversations } from './use-conversation.ts'
import { useAtEnd } from './use-at-end.ts'

/** Two Escapes within so long, ms, are a wish to stop. */
const twiceWithinMs = 800

type ChatPanelProps = {
  /** Shows a question that waits for a person. */
  Question: ComponentType<{ approval: Approval }>
  onOpenFile: (file: Id) => void
}

const asId = (raw: unknown) => Id.safeParse(raw).data
const asMode = (raw: unknown) => AgentMode.safeParse(raw).data
const asModel = (raw: unknown) => (typeof raw === 'string' ? raw : undefined)

/** The agent: conversations, what it does in them, and where one writes to it. */
export default function ChatPanel({ Question, onOpenFile }: ChatPanelProps) {
  const session = useSession()
  const { workspaceId } = session.place
  const [fresh] = useState(createId)
  const [conversation, setConversation] = useRemembered(`tandem.conversation.${workspaceId}`, fresh, asId)
  const { byId } = useView(session.files)
  const reach = useMemo(() => {
    const idByPath = new Map(
      [...byId.values()].flatMap(({ path, id, deleted }) => (deleted ? [] : [[path, id] as const])),
    )
    return {
      isPath: (path: string) => idByPath.has(path),
      openFile: (path: string) => {
        const id = idByPath.get(path)
        if (id !== undefined) onOpenFile(id)
      },
    }
  }, [byId, onOpenFile])
  return (
    <ReachContext value={reach}>
      <Conversation key={conversation} conversation={conversation} onOpen={setConversation} Question={Question} />
    </ReachContext>
  )
}

type ConversationProps = Pick<ChatPanelProps, 'Question'> & { conversation: Id; onOpen: (id: Id) => void }

function Conversation({ conversation, onOpen, Question }: ConversationProps) {
  const session = useSession()
  const { workspaceId } = session.place
  const { role } = useView(session.identity).claims
  const isOffline = useView(session.link).phase === 'offline'
  const { chat, turns, title, isHere, refused } = useConversation(conversation)
  const items = useConversations()
  const tasks = useView(session.tasks)
  const offer = useDaemon()?.agent
  const [mode, setMode] = useRemembered<AgentMode>(`tandem.agent-mode.${workspaceId}`, 'ask', asMode)
  const [model, setModel] = useRemembered(`tandem.agent-model.${workspaceId}`, '', asModel)
  const [delivered, setDelivered] = useState<ReadonlyMap<Id, ReadonlySet<string>>>(new Map())
  const onDelivered = useCallback(
    (run: Id, ids: ReadonlySet<string>) => setDelivered((known) => new Map(known).set(run, ids)),
    [],
  )
  const { box, onScroll, isAtEnd, toEnd } = useAtEnd()
  const refusals = useView(session.requests.refusals)

  const last = turns.at(-1)
  const task = last && tasks.get(last.run)
  const isRunning = last !== undefined && !refusals.has(last.run) && (!task || !isTerminal(task.state))
  const waiting = last ? last.later.filter(({ id }) => !delivered.get(last.run)?.has(id)) : []
  const whyNot = atLeast(role, 'runner') ? undefined : `As ${role} you may read what the agent does, not ask it.`
  const known = offer?.choices.some(({ name }) => name === model) ? model : undefined

  const send = (wanted: Wanted, how: 'queue' | 'steer') => {
    if (!chat) return
    if (isRunning && last) sendTo({ session, chat, conversation }, last.run, how, wanted)
    else beginRun({ session, chat, conversation }, wanted)
    toEnd()
  }
  const resend = (message: Sent, text: string) => {
    if (!chat || whyNot !== undefined) return
    // What is of a course that is left behind goes on for nobody.
    for (const { run } of turns.slice(turns.findIndex(({ first }) => first.id === message.id))) {
      const own = tasks.get(run)
      if (!own || !isTerminal(own.state)) stopRun(session, run)
    }
    const { mentions, mode: asked, model: named } = message
    const replaces = Id.parse(message.id)
    beginRun({ session, chat, conversation }, { text, mentions, mode: asked, model: named, replaces })
    toEnd()
  }
  const sendNow = (message: Sent) => {
    if (!chat) return
    chat.withdraw(message.id)
    beginRun({ session, chat, conversation }, { ...message, model: message.model })
  }
  const isStopping = task?.state === 'cancelling'
  const stop = () => last && stopRun(session, last.run, isStopping)
  const escapedAt = useRef(-Infinity)
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key !== 'Escape' || !isRunning) return
    const now = performance.now()
    if (now - escapedAt.current <= twiceWithinMs) stop()
    escapedAt.current = now - escapedAt.current <= twiceWithinMs ? -Infinity : now
  }
  return (
    <section className={styles.panel} aria-label="Agent" data-agent onKeyDown={onKeyDown}>
      <ConversationBar
        current={conversation}
        title={title}
        items={items}
        now={session.serverNow()}
        onTitle={chat && atLeast(role, 'commenter') ? chat.setTitle : undefined}
        onOpen={onOpen}
        onNew={() => onOpen(createId())}
      />
      <div className={styles.turns} ref={box} onScroll={onScroll} data-turns tabIndex={-1}>
        {refused !== undefined ? (
          <Failed
            what="The server did not open this conversation."
            safe={`It said: ${refused}. Nothing you wrote is lost.`}
            action={<Button onClick={session.reconnect}>Try again</Button>}
          />
        ) : turns.length > 0 ? (
          turns.map((turn) => (
            <TurnView
              key={turn.first.id}
              turn={turn}
              keys={offer?.keys}
              mayAsk={whyNot === undefined}
              onResend={resend}
              onDelivered={onDelivered}
              Question={Question}
            />
          ))
        ) : !isHere && !isOffline && items.some(({ id }) => id === conversation) ? (
          <Skeleton label="Opening the conversation" widths={[62, 88, 74, 40]} />
        ) : offer ? (
          <FirstSight offer={offer} model={known} onUse={setModel} />
        ) : (
          <Empty>
            {isOffline
              ? 'You are offline. What you ask is kept here and sent when the connection is back.'
              : 'No daemon here runs the agent. It begins when one that does serves this workspace.'}
          </Empty>
        )}
      </div>
      {!isAtEnd && (
        <Button className={styles.latest ?? ''} onClick={toEnd}>
          Latest
        </Button>
      )}
      {isOffline && turns.length > 0 && (
        <p className={styles.strip} role="status">
          Offline: what you send waits here for the connection.
        </p>
      )}
      {chat && waiting.length > 0 && (
        <QueueList chat={chat} waiting={waiting} onSendNow={isRunning ? undefined : sendNow} />
      )}
      <MessageBox
        offer={offer}
        mode={mode}
        model={known}
        onMode={setMode}
        onModel={(name) => setModel(name ?? '')}
        isRunning={isRunning}
        isStopping={isStopping}
        whyNot={whyNot}
        onSend={send}
        onStop={stop}
      />
      <Announce text={isRunning ? 'The agent is at work' : turns.length > 0 ? 'The agent has ended' : ''} />
    </section>
  )
}
