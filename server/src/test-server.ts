import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { AccessToken, createId, createLog, docName, readSettings, type DocRef, type Id } from '@tandem/shared'
import { onTestFinished, vi } from 'vitest'
import { createApiKey, startServer, type ServerOptions } from './server.ts'

/** For tests: a real server on any port with a store of its own, ended with the test. */
export async function testServer(overrides: Partial<ServerOptions> & { flags?: Record<string, unknown> } = {}) {
  const dataDir = overrides.dataDir ?? (await mkdtemp(path.join(tmpdir(), 'tandem-server-')))
  const ownerKey = overrides.ownerKey ?? createApiKey()
  const lines: Record<string, unknown>[] = []
  const stop = new AbortController()
  const server = await startServer(
    {
      settings: readSettings({ flags: { port: 0, pingMs: 100, deadMs: 5_000, docIdleMs: 200, ...overrides.flags } }),
      dataDir,
      ownerKey,
      workspaceName: 'test',
      log: createLog({ level: 'debug', write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) }),
      ...overrides,
    },
    stop.signal,
  )
  const end = async () => {
    stop.abort()
    await server.closed
  }
  onTestFinished(async () => {
    await end()
    if (!overrides.dataDir) await rm(dataDir, { recursive: true, force: true })
  })
  const api = (route: string, { headers, ...init }: RequestInit = {}) =>
    fetch(`${server.url}${route}`, {
      ...init,
      headers: { authorization: `Bearer ${ownerKey}`, ...(headers as Record<string, string>) },
    })
  const inWorkspace = (route: string, init?: RequestInit) =>
    api(`/api/v1/workspaces/${server.workspaceId}${route}`, init)

  /** An access token, for a person or a daemon. */
  const access = async (
    body: { session?: Id; name?: string; daemon?: { id: Id; name: string; shared?: boolean } } = {},
  ) => {
    const answer = await inWorkspace('/access-token', {
      method: 'POST',
      body: JSON.stringify({ session: createId(), ...body }),
    })
    if (!answer.ok) throw new Error(`no token: ${answer.status} ${await answer.text()}`)
    return AccessToken.parse(await answer.json())
  }
  return { ...server, dataDir, ownerKey, lines, end, api, inWorkspace, access }
}
export type TestServer = Awaited<ReturnType<typeof testServer>>

/** For tests: one client's socket, and documents on it. */
export async function testClient(
  server: TestServer,
  as: Parameters<TestServer['access']>[0] & { token?: () => Promise<string> } = {},
) {
  const { token: given, ...who } = as
  const first = await server.access(who)
  const token = given ?? (async () => first.token)
  const closes: { code: number; reason: string }[] = []
  const socket = new HocuspocusProviderWebsocket({
    url: `${server.url.replace('http', 'ws')}/api/ws?ws=${server.workspaceId}`,
    delay: 20,
    minDelay: 20,
    maxDelay: 200,
    onClose: ({ event }) => closes.push({ code: event.code, reason: event.reason }),
  })
  const providers: HocuspocusProvider[] = []
  onTestFinished(() => {
    for (const provider of providers) provider.destroy()
    socket.destroy()
  })
  const place = { workspaceId: first.claims.workspaceId, epoch: first.claims.epoch }

  const attach = (doc: DocRef | string, { awareness = false } = {}) => {
    const stateless: unknown[] = []
    const refusals: string[] = []
    const provider = new HocuspocusProvider({
      websocketProvider: socket,
      name: typeof doc === 'string' ? doc : docName(place, doc),
      token,
      ...(!awareness && { awareness: null }),
      onStateless: ({ payload }) => stateless.push(JSON.parse(payload)),
      onAuthenticationFailed: ({ reason }) => refusals.push(reason),
    })
    provider.attach()
    providers.push(provider)
    return { provider, doc: provider.document, text: provider.document.getText('content'), stateless, refusals }
  }
  const open = async (doc: DocRef | string, options?: { awareness?: boolean }) => {
    const attached = attach(doc, options)
    await vi.waitUntil(() => attached.provider.synced, { timeout: 5_000, interval: 5 })
    return attached
  }
  return { socket, closes, attach, open, place, claims: first.claims, token: first.token }
}

/** Resolves when the server has acknowledged everything. */
export const acknowledged = (provider: HocuspocusProvider) =>
  vi.waitUntil(() => provider.synced && !provider.hasUnsyncedChanges, { timeout: 5_000, interval: 5 })
