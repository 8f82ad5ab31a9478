import {
  AccessToken,
  NewInviteAnswer,
  NewKeyAnswer,
  createId,
  type NewInvite,
  type NewKey,
  type Role,
} from '@tandem/shared'
import { vi } from 'vitest'
import type { z } from 'zod'
import type { TestServer } from './test-server.ts'

/** For tests: what comes to be true by itself, also on a machine that is busy. */
export const eventually = (check: () => void): Promise<void> => vi.waitFor(check, 10_000)

/** For tests: how the answer's cookie is sent back. */
export const cookieOf = (answer: Response): string => answer.headers.get('set-cookie')?.split(';')[0] ?? ''

const json = async <S extends z.ZodType>(answer: Response, schema: S): Promise<z.infer<S>> => {
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return schema.parse(await answer.json())
}

/** For tests: the same server as somebody else sees it, who shows these headers. */
export function seenBy(server: TestServer, headers: Record<string, string>): TestServer {
  const api = (route: string, init: RequestInit = {}) =>
    fetch(`${server.url}${route}`, { ...init, headers: { ...headers, ...(init.headers as Record<string, string>) } })
  const inWorkspace = (route: string, init?: RequestInit) =>
    api(`/api/v1/workspaces/${server.workspaceId}${route}`, init)
  const access = async (body: Parameters<TestServer['access']>[0] = {}) =>
    json(
      await inWorkspace('/access-token', { method: 'POST', body: JSON.stringify({ session: createId(), ...body }) }),
      AccessToken,
    )
  return { ...server, api, inWorkspace, access }
}

export const post = (body: unknown): RequestInit => ({ method: 'POST', body: JSON.stringify(body) })

/** For tests: an invite's secret part. */
export async function invite(server: TestServer, asked: z.input<typeof NewInvite> = {}) {
  const made = await json(await server.inWorkspace('/invites', post(asked)), NewInviteAnswer)
  return { ...made, token: made.url.split('#invite=')[1] ?? '' }
}

/** For tests: takes an invite, as a browser that has these cookies. */
export const take = (server: TestServer, token: string, name?: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/api/v1/session`, { ...post({ invite: token, ...(name && { name }) }), headers })

/** For tests: a new member with a browser of their own. */
export async function join(server: TestServer, role: Role, name = `${role} of the tests`) {
  const answer = await take(server, (await invite(server, { role })).token, name)
  if (!answer.ok) throw new Error(`not joined: ${answer.status} ${await answer.text()}`)
  const { principal } = (await answer.json()) as { principal: string }
  const headers = { cookie: cookieOf(answer), origin: server.url }
  return { ...seenBy(server, headers), principal, headers }
}

/** For tests: a key of whoever `server` is seen by, and the server as its bearer sees it. */
export async function makeKey(server: TestServer, asked: Partial<z.input<typeof NewKey>> = {}) {
  const { key, info } = await json(await server.inWorkspace('/keys', post({ name: 'a key', ...asked })), NewKeyAnswer)
  return { ...seenBy(server, { authorization: `Bearer ${key}` }), key, info }
}
