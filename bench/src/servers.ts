import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createApiKey } from '@tandem/server'
import { AccessToken, createId, docName, type DocRef } from '@tandem/shared'
import { openRawClient, type RawClient } from './raw-client.ts'

/** A server in a process of its own: ours with its log on disk, or Hocuspocus as it comes. */
export type Server = {
  connect(): Promise<RawClient>
  /** A document's full name. */
  name(doc: DocRef): string
  /** REST under `/api/v1/workspaces/<id>`; ours alone has it. */
  api(route: string, init?: RequestInit): Promise<Response>
  /** Bytes in use after collecting garbage: the heap with what lies beside it, and all of the process. */
  memory(): Promise<{ used: number; rss: number }>
  /** CPU time so far, ms. */
  cpu(): number
  /** Ends the process; what is on disk stays for `startOurs` with the same folder. */
  stop(): Promise<void>
}

/** Answers `memory` over IPC; loaded before the program itself. */
const probe = `
process.on('message', (message) => {
  if (message !== 'memory') return
  gc(); gc()
  const { heapUsed, external, rss } = process.memoryUsage()
  process.send({ t: 'memory', used: heapUsed + external, rss })
})`
const execArgv = ['--expose-gc', '--import', `data:text/javascript,${encodeURIComponent(probe)}`]

async function start(program: string, env: Record<string, string>) {
  const child = fork(fileURLToPath(program), {
    execArgv,
    env: { ...env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [news] = (await once(child, 'message')) as [{ port?: number; url?: string; workspaceId?: string }]
  if (!news.port) throw new Error(`the server did not start: ${JSON.stringify(news)}`)
  return {
    news,
    memory: async () => {
      const answer = new Promise<{ used: number; rss: number }>((resolve) => {
        const hear = (message: unknown) => {
          const { t, used, rss } = message as { t?: string; used: number; rss: number }
          if (t !== 'memory') return
          child.off('message', hear)
          resolve({ used, rss })
        }
        child.on('message', hear)
      })
      child.send('memory')
      return answer
    },
    cpu: () => cpuOf(child.pid),
    stop: async () => {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

/** What a process has used of the processor so far, ms. */
export function cpuOf(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  return (user + system) * 10
}

/** Hocuspocus in memory. */
export async function startPlain(): Promise<Server> {
  const { news, ...rest } = await start(new URL('./echo-server.ts', import.meta.url).href, {})
  return {
    ...rest,
    connect: () => openRawClient(`ws://127.0.0.1:${news.port}`, ''),
    name: (doc) => docName({ workspaceId: 'bench', epoch: 'bench' }, doc),
    api: () => Promise.reject(new Error('plain Hocuspocus has no REST')),
  }
}

/** Our server on that folder. What bounds one caller is raised: the benchmark is one. */
export async function startOurs(folder: string, settings: Record<string, string> = {}): Promise<Server> {
  const key = keyByFolder.get(folder) ?? createApiKey()
  keyByFolder.set(folder, key)
  const { news, ...rest } = await start(import.meta.resolve('@tandem/server/main'), {
    TANDEM_DATA: folder,
    TANDEM_OWNER_KEY: key,
    TANDEM_PORT: '0',
    TANDEM_LOG_LEVEL: 'error',
    TANDEM_MESSAGES_PER_SECOND: '1000000',
    TANDEM_REQUESTS_PER_MINUTE: '1000000',
    TANDEM_MAX_CONNECTIONS_PER_PERSON: '1000',
    ...settings,
  })
  const { url = '', workspaceId = '' } = news
  const api = (route: string, init: RequestInit = {}) =>
    fetch(`${url}/api/v1/workspaces/${workspaceId}${route}`, { ...init, headers: { authorization: `Bearer ${key}` } })
  const body = JSON.stringify({ session: createId() })
  const answer = await api('/access-token', { method: 'POST', body })
  const { token, claims } = AccessToken.parse(await answer.json())
  return {
    ...rest,
    api,
    connect: () => openRawClient(`${url.replace('http', 'ws')}/api/ws?ws=${workspaceId}`, token),
    name: (doc) => docName(claims, doc),
  }
}
const keyByFolder = new Map<string, string>()

/** A folder for the time of `work`. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Both servers, for benchmarks that compare them in turns. */
export async function withBoth<T>(
  work: (servers: { ours: Server; plain: Server }) => Promise<T>,
  settings?: Record<string, string>,
): Promise<T> {
  return withFolder(async (folder) => {
    const [ours, plain] = [await startOurs(folder, settings), await startPlain()]
    try {
      return await work({ ours, plain })
    } finally {
      await Promise.all([ours.stop(), plain.stop()])
    }
  })
}
