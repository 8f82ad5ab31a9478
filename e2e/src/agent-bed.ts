import { agentOnServer } from '@tandem/daemon/agent-on-server'
import { startModelServer } from '@tandem/daemon/model-server'
import { acknowledged, testClient, testServer, type TestServer } from '@tandem/server/test-server'
import { createId, isTerminal, type Task } from '@tandem/shared'
import { openFiles, openOps, openRun } from '@tandem/shared/docs'
import { onTestFinished } from 'vitest'
import { until } from './harness/until.ts'

type Script = Parameters<typeof startModelServer>[0]['script']

/** For tests: a server with a file, a person, a scripted model, and a daemon that runs the agent. */
export async function agentBed(script: Script, more: Partial<Parameters<typeof agentOnServer>[0]> = {}) {
  const server = await testServer()
  const models = await startModelServer({ script, chunkSize: 40 })
  onTestFinished(models.close)
  const ada = await testClient(server, { name: 'Ada' })
  const files = await ada.open({ kind: 'files' })
  const index = openFiles(files.doc)
  const ops = openOps((await ada.open({ kind: 'ops' })).doc)
  const file = await makeFile(ada, files, 'sum.ts', 'return a + b\n')
  const daemonId = createId()
  const daemon = async (again: typeof more = {}) => {
    const made = await agentOnServer({
      ...{ server: server.url, apiKey: server.ownerKey, daemonId, models: models.url },
      ...more,
      ...again,
    })
    onTestFinished(made.close)
    return made
  }
  return { server, models, ada, files, index, ops, file, daemon, ...calls(server) }
}
type Bed = Awaited<ReturnType<typeof agentBed>>
export type Ada = Awaited<ReturnType<typeof testClient>>

/** A file as a page makes it: the text first, then its place in the index; the server has both. */
export async function makeFile(ada: Ada, files: Awaited<ReturnType<Ada['open']>>, path: string, text: string) {
  const id = createId()
  const opened = await ada.open({ kind: 'file', fileId: id })
  opened.text.insert(0, text)
  await acknowledged(opened.provider)
  openFiles(files.doc).create(path, 'text', undefined, id)
  await acknowledged(files.provider)
  return opened
}

function calls(server: TestServer) {
  const post = async (route: string, body: object) => {
    const answer = await server.inWorkspace(route, { method: 'POST', body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
    return (await answer.json()) as Record<string, unknown>
  }
  const task = async (id: string) => (await (await server.inWorkspace(`/tasks/${id}`)).json()) as Task
  return {
    post,
    task,
    ask: async (payload: object) => String((await post('/tasks', { payload: { kind: 'agent', ...payload } })).id),
    ended: (id: string): Promise<Task> =>
      until('the run is over', async () => {
        const now = await task(id)
        return isTerminal(now.state) && now
      }),
  }
}

export const runOf = async ({ ada }: Pick<Bed, 'ada'>, id: string) =>
  openRun((await ada.open({ kind: 'run', runId: id })).doc)
