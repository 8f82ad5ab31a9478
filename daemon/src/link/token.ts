import { AccessToken, TandemError, WorkspaceList, type Clock, type Id, type WorkspaceInfo } from '@tandem/shared'
import type { Http } from './http.ts'

export type Tokens = {
  /** A token with at least a quarter of its life left: the server asks for a fresh one at 80 %. */
  get(): Promise<string>
  /** The one there is was refused: the next is fetched anew. */
  forget(): void
}

/** The only workspace of an API key. */
export async function findWorkspace(http: Http, apiKey: string): Promise<WorkspaceInfo> {
  const { workspaces } = WorkspaceList.parse(await (await http.call('/api/v1/workspaces', apiKey)).json())
  const [first] = workspaces
  if (!first) throw new TandemError('not-found', { reason: 'this key has no workspace' })
  return first
}

/** Gives the workspace up at once, at a clean end; a server that does not answer learns it by the silence. */
export async function leaveWorkspace(http: Http, apiKey: string, workspaceId: Id, daemonId: Id): Promise<void> {
  const route = `/api/v1/workspaces/${workspaceId}/daemons/${daemonId}/lease`
  await http.call(route, apiKey, { method: 'DELETE', signal: AbortSignal.timeout(2_000) }).catch(() => {})
}

type TokensOptions = {
  http: Http
  apiKey: string
  workspaceId: Id
  daemon: { id: Id; name: string; shared?: boolean }
  session: Id
  clock: Clock
  /** Every token as it comes; throwing here refuses it. */
  onToken?: (token: AccessToken) => void
}

/** Access tokens of five minutes for an API key, one at a time however many ask. */
export function createTokens({ http, apiKey, workspaceId, daemon, session, clock, onToken }: TokensOptions): Tokens {
  let current: { token: string; staleAt: number } | undefined
  let coming: Promise<string> | undefined
  const fetchToken = async () => {
    const response = await http.call(`/api/v1/workspaces/${workspaceId}/access-token`, apiKey, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ session, name: daemon.name, daemon }),
      signal: AbortSignal.timeout(10_000),
    })
    const token = AccessToken.parse(await response.json())
    onToken?.(token)
    // By the server's clock alone: ours may be off.
    current = { token: token.token, staleAt: clock.now() + (token.expiresAt - token.serverTime) * 0.75 }
    return token.token
  }
  return {
    get: async () => {
      if (current && clock.now() < current.staleAt) return current.token
      coming ??= fetchToken().finally(() => (coming = undefined))
      return coming
    },
    forget: () => {
      current = undefined
    },
  }
}
