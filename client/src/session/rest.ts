import {
  AccessToken,
  type AccessTokenRequest,
  Health,
  SessionAnswer,
  WorkspaceList,
  type WorkspaceInfo,
} from '@tandem/shared'
import { answerWithinMs, call } from './call.ts'

/** Turns the owner's token, or an API key, into this browser's cookie. Throws `unauthorized` when it is not valid. */
export const signIn = (token: string): Promise<SessionAnswer> =>
  call('POST', '/api/v1/session', SessionAnswer, { token })

/** Whom this browser's cookie stands for. Throws `unauthorized` where nobody is signed in. */
export const whoAmI = (): Promise<SessionAnswer> => call('GET', '/api/v1/session', SessionAnswer)

/** The workspaces this browser's cookie may open. */
export const listWorkspaces = async (): Promise<readonly WorkspaceInfo[]> =>
  (await call('GET', '/api/v1/workspaces', WorkspaceList)).workspaces

/** A fresh access token for one workspace's socket. */
export const fetchAccessToken = (workspaceId: string, request: AccessTokenRequest): Promise<AccessToken> =>
  call('POST', `/api/v1/workspaces/${workspaceId}/access-token`, AccessToken, request)

/** The provider of OpenID Connect at which people sign in to this server; undefined where there is none. */
export const providerName = async (): Promise<string | undefined> => {
  try {
    return (await call('GET', '/api/health', Health)).oidc?.name
  } catch {
    return undefined // Then nobody can be sent there either.
  }
}

/** How long the server takes to answer, in ms; undefined when it does not. */
export async function measureServer(): Promise<number | undefined> {
  const start = performance.now()
  try {
    await fetch('/api/health', { cache: 'no-store', signal: AbortSignal.timeout(answerWithinMs) })
    return performance.now() - start
  } catch {
    return undefined // Not reachable is an answer here, not a failure.
  }
}
