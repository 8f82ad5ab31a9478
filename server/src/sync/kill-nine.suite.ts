import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { AccessToken, createId, docName } from '@tandem/shared'
import { createApiKey } from '../auth/api-keys.ts'

type Options = { dataDir: string; rounds: number; random: () => number; writers?: number; signal?: AbortSignal }

/**
 * Kills a real server under load at random moments and counts: every change that was acknowledged before the kill
 * must be there when it is started again on the same data.
 */
export async function killNine({
  dataDir,
  rounds,
  random,
  writers = 4,
  signal,
}: Options): Promise<{ acknowledged: number; lost: number }> {
  const key = createApiKey()
  let acknowledged = 0
  let lost = 0
  let server = await startChild(dataDir, key)
  for (let round = 0; round < rounds && !signal?.aborted; round++) {
    const names = Array.from({ length: writers }, () => createId())
    const clients = await Promise.all(names.map((id) => openClient(server, key, id)))
    const writing = new AbortController()
    const loops = clients.map((client) => write(client, writing.signal))
    await new Promise((resolve) => setTimeout(resolve, 150 + random() * 500))
    await kill(server)
    writing.abort()
    await Promise.all(loops)
    // Nothing more is heard from the dead: what was acknowledged by now is what was promised.
    const promised = clients.map((client) => client.acked())
    for (const { end } of clients) end()

    server = await startChild(dataDir, key)
    for (const [i, id] of names.entries()) {
      const reader = await openClient(server, key, id)
      acknowledged += promised[i] ?? 0
      lost += Math.max(0, (promised[i] ?? 0) - reader.items())
      reader.end()
    }
  }
  await kill(server)
  return { acknowledged, lost }
}

type Running = { child: ChildProcess; url: string; workspaceId: string }

async function startChild(dataDir: string, key: string): Promise<Running> {
  const main = new URL('../main.ts', import.meta.url)
  const env = {
    PATH: process.env['PATH'],
    TANDEM_DATA: dataDir,
    TANDEM_OWNER_KEY: key,
    TANDEM_PORT: '0',
    TANDEM_LOG_LEVEL: 'error',
  }
  const child = fork(main, { env, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [news] = (await once(child, 'message')) as [{ t: string; url: string; workspaceId: string }]
  if (news.t !== 'ready') throw new Error(`the server did not start: ${JSON.stringify(news)}`)
  return { child, url: news.url, workspaceId: news.workspaceId }
}

async function kill({ child }: Running): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function openClient({ url, workspaceId }: Running, key: string, fileId: string) {
  const answer = await fetch(`${url}/api/v1/workspaces/${workspaceId}/access-token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ session: createId() }),
  })
  const { token, claims } = AccessToken.parse(await answer.json())
  const socket = new HocuspocusProviderWebsocket({
    url: `${url.replace('http', 'ws')}/api/ws?ws=${workspaceId}`,
    maxAttempts: 1,
    delay: 20,
    minDelay: 20,
  })
  const synced = Promise.withResolvers<void>()
  const provider = new HocuspocusProvider({
    websocketProvider: socket,
    name: docName(claims, { kind: 'file', fileId }),
    token,
    awareness: null,
    onSynced: () => synced.resolve(),
  })
  provider.attach()
  await synced.promise
  const items = provider.document.getArray<number>('items')
  let sent = 0
  return {
    provider,
    push: () => items.push([sent++]),
    items: () => items.length,
    acked: () => sent - provider.unsyncedChanges,
    end: () => {
      provider.destroy()
      socket.destroy()
    },
  }
}

/** Writes as fast as the server acknowledges, with at most fifty changes on their way. */
async function write(client: Awaited<ReturnType<typeof openClient>>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (let i = 0; i < 20 && client.provider.unsyncedChanges < 50; i++) client.push()
    await new Promise((resolve) => setImmediate(resolve))
  }
}
