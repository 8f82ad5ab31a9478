import type { Id, VersionFiles } from '@tandem/shared'
import type { TestServer } from './test-server.ts'

/** For tests: REST of a workspace, as a script speaks it. Refusals are thrown with their status and words. */
export function restOf(server: Pick<TestServer, 'inWorkspace'>) {
  const json = async <T>(answer: Response): Promise<T> => {
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }
  const send = async <T>(method: string, route: string, body: string, headers: Record<string, string> = {}) =>
    json<T>(await server.inWorkspace(route, { method, body, headers }))
  type Written = { version: number }
  return {
    get: async <T>(route: string) => json<T>(await server.inWorkspace(route)),
    post: <T>(route: string, body: unknown) => send<T>('POST', route, JSON.stringify(body)),
    create: (path: string, text: string) => send<Written>('PUT', `/files/${path}`, text, { 'if-none-match': '*' }),
    replace: (path: string, text: string) => send<Written>('PUT', `/files/${path}`, text, { 'if-match': '*' }),
    move: (path: string, to: string) => send<Written>('POST', `/files/${path}?op=move`, JSON.stringify({ to })),
    remove: async (path: string) =>
      json<Written>(await server.inWorkspace(`/files/${path}`, { method: 'DELETE', headers: { 'if-match': '*' } })),
    /** The text now, or at a version; the status where there is none. */
    text: async (path: string, version?: number) => {
      const at = version === undefined ? `/files/${path}` : `/versions/${version}/files/${path}`
      const answer = await server.inWorkspace(at)
      return answer.ok ? answer.text() : answer.status
    },
  }
}

/** For tests: the id of the file that has this path now. */
export async function idOf(server: Pick<TestServer, 'inWorkspace'>, path: string): Promise<Id> {
  const { files } = await restOf(server).get<VersionFiles>('/versions/head/files')
  const file = files.find((each) => each.path === path)
  if (!file) throw new Error(`there is no ${path}`)
  return file.id
}
