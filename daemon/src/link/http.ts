import { errorTable, Problem, TandemError, type ErrorCode } from '@tandem/shared'
import { whyNotTrusted, type Reach } from './reach.ts'

export type Http = {
  /** One REST call, with a bearer token; throws what the server answered as a TandemError, `offline` where none did. */
  call(route: string, bearer: string | undefined, init?: RequestInit): Promise<Response>
}

/** REST of one server. A certificate that does not verify throws `config-invalid`, and nothing was sent. */
export const createHttp = ({ origin, fetch }: Pick<Reach, 'origin' | 'fetch'>): Http => ({
  call: async (route, bearer, init = {}) => {
    let response: Response
    try {
      response = await fetch(route, {
        ...init,
        headers: {
          ...(init.headers as Record<string, string>),
          ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        },
        // A key goes to the address that was given, and nowhere else.
        redirect: 'manual',
      })
    } catch (e) {
      init.signal?.throwIfAborted()
      throw whyNotTrusted(e, origin) ?? new TandemError('offline', { reason: `${origin} does not answer` }, e)
    }
    if (response.ok) return response
    const elsewhere = response.headers.get('location')
    if (response.status >= 300 && response.status < 400 && elsewhere !== null) {
      const reason = `the server sends on to ${elsewhere.slice(0, 200)}: give that address with --server`
      throw new TandemError('config-invalid', { reason })
    }
    const problem = Problem.safeParse(await response.json().catch(() => undefined))
    const code = problem.data?.code ?? (response.status === 404 ? 'not-found' : 'internal')
    throw new TandemError(code in errorTable ? (code as ErrorCode) : 'internal', {
      reason: problem.data?.detail ?? `the server answered ${response.status}`,
    })
  },
})
