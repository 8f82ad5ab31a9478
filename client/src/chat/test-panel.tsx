import '../ui/base.css'
import '../ui/tokens.css'
import '../ui/fonts.css'
import '../ui/peers.css'
import { type ChatMessage, createId, type Id, type Role, silentLog, systemClock, Task } from '@tandem/shared'
import {
  type AgentOffer,
  type Approval,
  openChat,
  openDaemon,
  openFile,
  openFiles,
  openOps,
  openRequests,
  openTasks,
} from '@tandem/shared/docs'
import { createRoot } from 'react-dom/client'
import { vi } from 'vitest'
import { SessionContext } from '../session/session-context.ts'
import type { Session } from '../session/session.ts'
import { createState } from '../session/state.ts'
import { Toasts } from '../ui/toasts.tsx'
import ChatPanel from './chat-panel.tsx'
import { createDocs, daemonOf, now } from './test-run.ts'

export { now } from './test-run.ts'
export const [me, mira, laptop] = [createId(), createId(), createId()]

export const offerForTest: AgentOffer = {
  default: 'helper:built-in',
  choices: [
    { name: 'ollama:qwen3-coder', title: 'qwen3-coder, Ollama', kind: 'local', note: 'Its window may be small.' },
    { name: 'acp:opencode', title: 'OpenCode', kind: 'agent' },
    { name: 'openai:gpt-4o', title: 'OpenAI gpt-4o', kind: 'provider', why: 'It has no key.' },
    {
      name: 'helper:built-in',
      title: 'Helper',
      kind: 'helper',
      note: 'It is no model: it carries out a few commands.',
    },
  ],
  keys: 'A key goes into the environment of the daemon as `OPENAI_API_KEY`; then start it anew.',
}

/** The panel over documents of its own, which a test writes as the server and a daemon would. */
export function showPanel({
  role = 'owner' as Role,
  phase = 'connected' as 'connected' | 'offline',
  offer = offerForTest as AgentOffer | 'none',
  conversation = createId(),
  isHere = true,
  refused = undefined as string | undefined,
  size = { width: 420, height: 760 },
} = {}) {
  document.documentElement.lang = 'en'
  document.title = 'Tandem'
  const docOf = createDocs()
  const tasks = openTasks(docOf('tasks'))
  const requests = openRequests(docOf('requests'))
  const ask = vi.spyOn(requests, 'ask')
  const ops = openOps(docOf('ops'))
  ops.daemons.set(laptop, { id: laptop, name: 'laptop', connection: 'online', lastSeenAt: now })
  if (offer !== 'none') openDaemon(docOf(`daemon/${laptop}`)).set('agent', offer)
  const files = openFiles(docOf('files'))
  const link = createState({ phase })
  const place = { workspaceId: createId(), epoch: createId() }
  localStorage.setItem(`tandem.conversation.${place.workspaceId}`, JSON.stringify(conversation))
  const keyOf = (ref: Record<string, string>) => Object.values(ref).join('/')
  const session = {
    clock: systemClock,
    log: silentLog,
    place,
    link,
    files,
    tasks,
    requests,
    ops,
    identity: createState({ claims: { principal: me, session: createId(), name: 'Me', role } }),
    hueOf: ({ id }: { id: Id }) => (id === me ? 0 : 1),
    serverNow: () => now,
    reconnect: () => {},
    open: (ref: Record<string, string>) => ({
      ref,
      doc: docOf(keyOf(ref)),
      state: createState({ ready: isHere, synced: isHere, refused: ref['kind'] === 'chat' ? refused : undefined }),
      release: () => {},
    }),
  }
  const taskOf = (id: Id, text: string, about: Partial<Task>) =>
    Task.parse({
      id,
      workspaceId: place.workspaceId,
      title: text.slice(0, 200) || 'x',
      payload: { kind: 'agent', prompt: text, conversationId: conversation },
      state: 'running',
      attempt: 1,
      attempts: [],
      createdBy: me,
      createdByName: 'Me',
      createdAt: now - 60_000,
      startedAt: now - 50_000,
      ...about,
    })
  const chat = openChat(docOf(`chat/${conversation}`))
  const opened: Id[] = []
  const host = document.body.appendChild(document.createElement('main'))
  Object.assign(host.style, { width: `${size.width}px`, height: `${size.height}px` })
  const root = createRoot(host)
  root.render(
    <SessionContext value={session as unknown as Session}>
      <h1 className="visually-hidden">Agent</h1>
      <ChatPanel Question={Question} onOpenFile={(id) => opened.push(id)} />
      <Toasts />
    </SessionContext>,
  )
  return {
    host,
    ask,
    requests,
    tasks,
    ops,
    chat,
    link,
    opened,
    session: session as unknown as Session,
    conversation,
    /** A run of the conversation that the server knows, and whose messages are elsewhere. */
    known: (text: string) => {
      const id = createId()
      tasks.set(id, taskOf(id, text, { state: 'completed' }))
    },
    /** A file of the workspace with its text. */
    file: (path: string, text: string) => {
      const { id } = files.get(files.create(path, 'text')) ?? {}
      if (id === undefined) throw new Error('no file')
      const content = openFile(docOf(`file/${id}`)).text
      content.insert(0, text)
      return { id, path, text: content }
    },
    /** A message that begins a run, and the run as a daemon holds it. */
    begin: (text: string, part: Partial<ChatMessage> = {}, about: Partial<Task> = {}) => {
      const run = createId()
      const message = chat.send({ text, deliver: 'now', run, at: now, mode: 'ask', ...part })
      const task = taskOf(run, text, about)
      tasks.set(run, task)
      return {
        ...daemonOf(run, docOf),
        run,
        message,
        task,
        set: (next: Partial<Task>) => tasks.set(run, { ...task, ...next }),
      }
    },
    end: () => {
      root.unmount()
      host.remove()
      localStorage.clear()
    },
  }
}

/** Stands for the tasks' own card, which the workbench gives. */
const Question = ({ approval }: { approval: Approval }) => (
  <section aria-label="Question">
    <p>{approval.summary}</p>
  </section>
)

/** What a run asks of people, as the server keeps it. */
export function approvalFor(task: Id, call: string, summary: string): [Id, Approval] {
  const id = createId()
  return [
    id,
    {
      id,
      subject: { task, attempt: 1, call },
      action: 'runTask',
      summary,
      reason: 'It publishes.',
      argsHash: 'x',
      risk: 'high',
      state: 'pending',
      createdAt: now,
      expiresAt: now + 600_000,
    },
  ]
}
