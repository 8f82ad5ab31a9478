import { errorTable, Problem, TandemError, type ErrorCode } from '@tandem/shared'

export type Http = {
  /** One REST call with a bearer token; throws what the server answered as a TandemError, `offline` where none did. */
  call(route: string, bearer: string, init?: RequestInit): Promise<Response>
}

/** REST of one server, `server` being its origin. */
export const createHttp = (server: string): Http => ({
  call: async (route, bearer, init = {}) => {
    let response: Response
    try {
      response = await fetch(new URL(route, server), {
        ...init,
        headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${bearer}` },
      })
    } catch (e) {
      init.signal?.throwIfAborted()
      throw new TandemError('offline', { reason: 'the server does not answer' }, e)
    }
    if (response.ok) return response
    const problem = Problem.safeParse(await response.json().catch(() => undefined))
    const code = problem.data?.code ?? 'internal'
    throw new TandemError(code in errorTable ? (code as ErrorCode) : 'internal', {
      reason: problem.data?.detail ?? `the server answered ${response.status}`,
    })
  },
})
