import '../../ui/base.css'
import '../../ui/tokens.css'
import '../../ui/fonts.css'
import { type AtTerminal, createId, silentLog, systemClock, type Role, type Task } from '@tandem/shared'
import { type LogChunk, openTaskLog } from '@tandem/shared/docs'
import { createRoot } from 'react-dom/client'
import { SessionContext } from '../../session/session-context.ts'
import type { Session } from '../../session/session.ts'
import { createState } from '../../session/state.ts'
import { Toasts } from '../../ui/toasts.tsx'
import { emptyDoc } from '../test-docs.ts'
import { taskForTest } from '../test-task.ts'
import { AttemptView } from './attempt-view.tsx'

export const [me, mira] = [createId(), createId()]
export const mySession = createId()
const now = Date.now()

/** A shell at a terminal, which runs. */
export const shell = (part: Partial<Task> = {}): Task =>
  taskForTest({
    payload: { kind: 'command', command: 'bash', args: [], cwd: '', shell: true, terminal: { cols: 80, rows: 24 } },
    state: 'running',
    attempt: 1,
    startedAt: now - 60_000,
    attempts: [{ n: 1, daemonId: createId(), startedAt: now - 60_000 }],
    createdBy: mira,
    ...part,
  })

/** A terminal in the page, over a document that the test writes as the daemon would, and a channel it answers. */
export function showTerminal({
  task = shell(),
  role = 'runner' as Role,
  size = { width: 900, height: 420 },
  /** Whether the server takes what is typed. */
  answers = true,
  ...shown
}: Partial<Parameters<typeof AttemptView>[0]> & {
  role?: Role
  size?: { width: number; height: number }
  answers?: boolean
} = {}) {
  document.documentElement.lang = 'en'
  document.title = 'Tandem'
  const doc = emptyDoc()
  const log = openTaskLog(doc)
  const link = createState<{ phase: 'connected' | 'offline' }>({ phase: 'connected' })
  const state = createState({ ready: true, synced: true })
  const said: AtTerminal[] = []
  const listeners = new Set<(payload: string) => void>()
  const hear = (message: object) => listeners.forEach((call) => call(JSON.stringify(message)))
  const session = {
    clock: systemClock,
    log: silentLog,
    place: { workspaceId: createId(), epoch: createId() },
    link,
    identity: createState({ claims: { principal: me, session: mySession, name: 'Me', role } }),
    ops: { members: createState(new Map([[mira, { id: mira, name: 'Mira', role: 'owner' }]])) },
    serverNow: () => now,
    open: (ref: { kind: string }) => ({
      ref,
      doc: ref.kind === 'log' ? doc : emptyDoc(),
      state,
      provider: {
        sendStateless: (payload: string) => {
          const message = JSON.parse(payload) as AtTerminal
          said.push(message)
          if (answers) setTimeout(() => hear({ t: 'heard', n: message.n }))
        },
      },
      onStateless: (call: (payload: string) => void) => {
        listeners.add(call)
        return () => listeners.delete(call)
      },
      release: () => {},
    }),
  } as unknown as Session
  const host = document.body.appendChild(document.createElement('main'))
  Object.assign(host.style, { ...sized(size), display: 'flex', flexDirection: 'column' })
  const root = createRoot(host)
  const render = (of: Task) =>
    root.render(
      <SessionContext value={session}>
        <h1 className="visually-hidden">Tasks</h1>
        <AttemptView task={of} attempt={1} output={undefined} tail={undefined} at={undefined} {...shown} />
        <Toasts />
      </SessionContext>,
    )
  render(task)
  const at = { q: 0, o: 0 }
  return {
    host,
    log,
    link,
    /** How the document stands with the server. */
    state,
    said,
    /** What was typed so far, in order. */
    typed: () => said.map((m) => (m.t === 'type' ? m.data : '')).join(''),
    sizes: () => said.flatMap((m) => (m.t === 'resize' ? [m.size] : [])),
    render,
    resize: (to: { width: number; height: number }) => void Object.assign(host.style, sized(to)),
    hear,
    write: (text: string, s: LogChunk['s'] = 1) => {
      const d = new TextEncoder().encode(text)
      log.append([{ q: at.q++, o: at.o, t: 0, s, d }])
      at.o += d.length
    },
    /** So many bytes in a chunk that never comes. */
    skip: (bytes: number) => {
      at.q++
      at.o += bytes
    },
    end: () => {
      root.unmount()
      host.remove()
      localStorage.clear()
    },
  }
}

const sized = ({ width, height }: { width: number; height: number }) => ({
  width: `${width}px`,
  height: `${height}px`,
})

/** What the terminal shows, a line each, as far as it is on the screen. */
export const screenText = (): string =>
  [...document.querySelectorAll('.xterm-rows > div')].map((row) => (row.textContent ?? '').trimEnd()).join('\n')
