import { errorTable, Problem, TandemError, type ErrorCode } from '@tandem/shared'
import type { z } from 'zod'

/** Longer than any honest answer, shorter than a person's patience. */
export const answerWithinMs = 8_000

/** When the answer is no longer wanted, or no longer waited for; and under which conditions something is to be done. */
type Until = { signal?: AbortSignal | undefined; withinMs?: number; headers?: Readonly<Record<string, string>> }

/** Asks the server over REST; the answer is parsed. Throws what the server's problem says, or `offline`. */
export async function call<S extends z.ZodType>(
  method: string,
  path: string,
  answer: S,
  body?: unknown,
  until?: Until,
): Promise<z.infer<S>> {
  const response = await ask(method, path, body, until)
  const parsed = answer.safeParse(await response.json().catch(() => undefined))
  if (!parsed.success)
    throw new TandemError(
      'internal',
      { reason: 'the server answered something else than expected', path },
      parsed.error,
    )
  return parsed.data
}

/** As `call`, with the answer as it comes: for contents, and for answers without any. A `Blob` is sent as it is. */
export async function ask(method: string, path: string, body?: unknown, until: Until = {}): Promise<Response> {
  const { signal, withinMs = answerWithinMs, headers = {} } = until
  const timeout = AbortSignal.timeout(withinMs)
  let response: Response
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body instanceof Blob
        ? { headers, body }
        : body !== undefined && {
            headers: { ...headers, 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }),
    })
  } catch (e) {
    signal?.throwIfAborted()
    throw new TandemError('offline', { reason: 'the server does not answer' }, e)
  }
  if (!response.ok) throw problemError(response.status, await response.json().catch(() => undefined))
  return response
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
