import { AccessToken, WorkspaceList } from '@tandem/shared'

/** Where the server is just now, and how to ask it; nothing answers while it is down. */
export type Api = {
  moveTo(url: string): void
  /** The answer; undefined where none came, and so nobody knows whether it was done. */
  ask(route: string, init?: RequestInit): Promise<Response | undefined>
  /** The answer to what must work: throws for anything but success. */
  must(route: string, init?: RequestInit): Promise<Response>
  /** Of that server, for sockets: one for each session. */
  token(session: string): Promise<AccessToken>
  /** The workspace's version, and its generation. */
  version(): Promise<{ seq: number; generation: number }>
}

export function createApi(key: string, workspaceId: string): Api {
  let url = ''
  let tokens = new Map<string, Promise<AccessToken>>()
  const place = `/api/v1/workspaces/${workspaceId}`
  const ask: Api['ask'] = async (route, init = {}) => {
    try {
      const headers = { authorization: `Bearer ${key}`, ...(init.headers as Record<string, string>) }
      return await fetch(`${url}${route.startsWith('/api/') ? route : place + route}`, { ...init, headers })
    } catch {
      return undefined
    }
  }
  const must: Api['must'] = async (route, init) => {
    const answer = await ask(route, init)
    if (!answer?.ok) throw new Error(`${init?.method ?? 'GET'} ${route}: ${answer?.status} ${await answer?.text()}`)
    return answer
  }
  return {
    moveTo: (next) => {
      url = next
      tokens = new Map()
    },
    ask,
    must,
    token: (session) => {
      const known = tokens.get(session)
      if (known) return known
      const body = JSON.stringify({ session })
      const asked = must('/access-token', { method: 'POST', body }).then(async (a) => AccessToken.parse(await a.json()))
      tokens.set(session, asked)
      asked.catch(() => tokens.delete(session))
      return asked
    },
    version: async () => {
      const { workspaces } = WorkspaceList.parse(await (await must('/api/v1/workspaces')).json())
      const mine = workspaces.find(({ id }) => id === workspaceId)
      if (!mine) throw new Error('the workspace is gone')
      return mine
    },
  }
}
