import '../ui/base.css'
import '../ui/tokens.css'
import '../ui/fonts.css'
import '../ui/peers.css'
import { createId, type Id, silentLog, systemClock, type Role, type Task } from '@tandem/shared'
import {
  type Approval,
  type DaemonPresence,
  type LogChunk,
  type SandboxState,
  openDaemon,
  openOps,
  openRequests,
  openTaskLog,
  openTasks,
} from '@tandem/shared/docs'
import { createRoot } from 'react-dom/client'
import { vi } from 'vitest'
import { SessionContext } from '../session/session-context.ts'
import type { Session } from '../session/session.ts'
import { createState } from '../session/state.ts'
import { Toasts } from '../ui/toasts.tsx'
import { ApprovalNews } from './approval-news.tsx'
import { TaskMonitor } from './task-monitor.tsx'
import { emptyDoc } from './test-docs.ts'
import { taskForTest } from './test-task.ts'

export const now = Date.now()
export const [me, mira] = [createId(), createId()]
export const laptop: DaemonPresence = {
  id: createId(),
  name: 'laptop',
  connection: 'online',
  lastSeenAt: now,
  slots: 3,
}

const aboutLaptop = (bootId: Id) => ({
  v: 1 as const,
  id: laptop.id,
  name: laptop.name,
  bootId,
  version: '1.0.0',
  os: 'linux',
  arch: 'x64',
  folder: '/home/mira/garden',
  slots: 3,
  capabilities: [],
})

/** A task as the server would tell it. */
export const make = ({ line = 'npm test', ...part }: Partial<Task> & { line?: string } = {}): Task =>
  taskForTest({
    payload: { kind: 'command', command: line, args: [], cwd: '', shell: true },
    createdBy: mira,
    createdAt: now - 60_000,
    ...part,
  })

/** One that was begun on the laptop. */
export const begun = (part: Partial<Task> & { line?: string } = {}): Task =>
  make({
    state: 'running',
    attempt: 1,
    queuedAt: now - 60_000,
    startedAt: now - 12_000,
    attempts: [{ n: 1, daemonId: laptop.id, startedAt: now - 12_000 }],
    lease: { daemonId: laptop.id, bootId: createId(), grantSeq: 1, expiresAt: now + 30_000 },
    ...part,
  })

const encoder = new TextEncoder()

/** The monitor over documents of its own, which a test writes as server and daemon would. */
export function showMonitor({
  tasks = [] as readonly Task[],
  approvals = [] as readonly Approval[],
  role = 'owner' as Role,
  phase = 'connected' as 'connected' | 'offline',
  ready = true,
  refused = undefined as string | undefined,
  /** What the laptop's daemon says of itself. */
  sandbox = undefined as SandboxState | undefined,
  bootId = undefined as Id | undefined,
  size = { width: 1190, height: 420 },
} = {}) {
  document.documentElement.lang = 'en'
  document.title = 'Tandem'
  const tasksDoc = emptyDoc()
  const known = openTasks(tasksDoc)
  const set = (...changed: readonly Task[]) => tasksDoc.transact(() => changed.forEach((t) => known.set(t.id, t)))
  set(...tasks)
  const requests = openRequests(emptyDoc())
  const ask = vi.spyOn(requests, 'ask')
  const link = createState({ phase })
  const logs = new Map<string, ReturnType<typeof emptyDoc>>()
  const logOf = (task: string, attempt: number) => {
    const key = `${task}.${attempt}`
    const doc = logs.get(key) ?? emptyDoc()
    logs.set(key, doc)
    return doc
  }
  const laptopDoc = emptyDoc()
  if (sandbox) openDaemon(laptopDoc).set('sandbox', sandbox)
  if (bootId !== undefined) openDaemon(laptopDoc).set('about', aboutLaptop(bootId))
  const ops = openOps(emptyDoc())
  ops.daemons.set(laptop.id, laptop)
  ops.members.set(mira, { id: mira, name: 'Mira', role: 'owner' })
  /** As the server would, for everybody. */
  const say = (...changed: readonly Approval[]) => changed.forEach((a) => ops.approvals.set(a.id, a))
  say(...approvals)
  const session = {
    clock: systemClock,
    log: silentLog,
    place: { workspaceId: createId(), epoch: createId() },
    link,
    tasks: known,
    tasksState: createState({ ready, refused }),
    requests,
    identity: createState({ claims: { principal: me, session: createId(), name: 'Me', role } }),
    peers: createState({ peers: [], own: 0 }),
    ops,
    hueOf: ({ id }: { id: Id }) => (id === me ? 0 : 1),
    serverNow: () => now,
    open: (ref: { kind: string; taskId?: string; attempt?: number }) => ({
      ref,
      doc:
        ref.kind === 'daemon' ? laptopDoc : ref.kind === 'log' ? logOf(ref.taskId ?? '', ref.attempt ?? 0) : emptyDoc(),
      state: createState({ ready: true, synced: true }),
      provider: { sendStateless: () => {} },
      onStateless: () => () => {},
      release: () => {},
    }),
  }
  const host = document.body.appendChild(document.createElement('main'))
  Object.assign(host.style, { width: `${size.width}px`, height: `${size.height}px` })
  const root = createRoot(host)
  root.render(
    <SessionContext value={session as unknown as Session}>
      <h1 className="visually-hidden">Tasks</h1>
      <TaskMonitor workspaceId={session.place.workspaceId} />
      <ApprovalNews />
      <Toasts />
    </SessionContext>,
  )
  /** Where the next chunk of each attempt goes on. */
  const written = new Map<string, { q: number; o: number }>()
  return {
    host,
    ask,
    requests,
    link,
    set,
    say,
    /** The daemon's output, in chunks of at most 16 KB. */
    write: (task: Task, text: string, s: LogChunk['s'] = 1) => {
      const key = `${task.id}.${task.attempt}`
      const at = written.get(key) ?? { q: 0, o: 0 }
      const bytes = encoder.encode(text)
      const chunks: LogChunk[] = []
      for (let i = 0; i < bytes.length; i += 16_384) {
        const d = bytes.slice(i, i + 16_384)
        chunks.push({ q: at.q++, o: at.o, t: at.q * 50, s, d })
        at.o += d.length
      }
      written.set(key, at)
      openTaskLog(logOf(task.id, task.attempt)).append(chunks)
    },
    end: () => {
      root.unmount()
      host.remove()
      localStorage.clear()
      history.replaceState(null, '', location.pathname + location.search)
    },
  }
}
