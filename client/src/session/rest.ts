import {
  AccessToken,
  type AccessTokenRequest,
  Problem,
  SessionAnswer,
  TandemError,
  WorkspaceList,
  errorTable,
  type ErrorCode,
  type WorkspaceInfo,
} from '@tandem/shared'
import type { z } from 'zod'

/** Longer than any honest answer, shorter than a person's patience. */
const answerWithinMs = 8_000

/** Turns the owner's token, or an API key, into this browser's cookie. Throws `unauthorized` when it is not valid. */
export const signIn = (token: string): Promise<SessionAnswer> =>
  call('POST', '/api/v1/session', SessionAnswer, { token })

/** The workspaces this browser's cookie may open. */
export const listWorkspaces = async (): Promise<readonly WorkspaceInfo[]> =>
  (await call('GET', '/api/v1/workspaces', WorkspaceList)).workspaces

/** A fresh access token for one workspace's socket. */
export const fetchAccessToken = (workspaceId: string, request: AccessTokenRequest): Promise<AccessToken> =>
  call('POST', `/api/v1/workspaces/${workspaceId}/access-token`, AccessToken, request)

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

async function call<S extends z.ZodType>(method: string, path: string, answer: S, body?: unknown): Promise<z.infer<S>> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(answerWithinMs),
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
  } catch (e) {
    throw new TandemError('offline', { reason: 'the server does not answer' }, e)
  }
  const json: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw problemError(response.status, json)
  const parsed = answer.safeParse(json)
  if (!parsed.success)
    throw new TandemError(
      'internal',
      { reason: 'the server answered something else than expected', path },
      parsed.error,
    )
  return parsed.data
}

function problemError(status: number, json: unknown): TandemError {
  const problem = Problem.safeParse(json).data
  const known = problem && problem.code in errorTable ? (problem.code as ErrorCode) : undefined
  // A proxy in between answers in its own words when the server is gone.
  const byStatus: ErrorCode =
    status === 401 ? 'unauthorized' : status === 403 ? 'forbidden' : status >= 500 ? 'offline' : 'bad-request'
  return new TandemError(known ?? byStatus, {
    reason: problem?.detail ?? problem?.title ?? `the server answered ${status}`,
  })
}
