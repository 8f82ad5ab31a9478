import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDaemon } from '@tandem/daemon'
import { Policy } from '@tandem/daemon/policy-rules'
import { testClient, testServer } from '@tandem/server/test-server'
import { Blame, isTerminal, readSettings, silentLog, type Cause, type Task } from '@tandem/shared'
import { openFiles } from '@tandem/shared/docs'
import { onTestFinished } from 'vitest'
import { until } from './harness/until.ts'

type Given = { files?: Record<string, string>; policy?: object }

/** For tests: a real server, and a real daemon in this process that serves a folder to it. Ended with the test. */
export async function daemonBed({ files = {}, policy = {} }: Given = {}) {
  const server = await testServer()
  const [base, dataDir] = [mkdtempSync(join(tmpdir(), 'tandem-bed-')), mkdtempSync(join(tmpdir(), 'tandem-bed-data-'))]
  const folder = join(base, 'project')
  mkdirSync(folder)
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
  const stop = new AbortController()
  const daemon = await startDaemon(
    {
      settings: readSettings({ flags: { server: server.url, token: server.ownerKey } }),
      folder,
      dataDir,
      environment: { PATH: process.env.PATH, HOME: process.env.HOME },
      policy: Policy.parse(policy),
      log: silentLog,
    },
    stop.signal,
  )
  onTestFinished(async () => {
    stop.abort()
    await daemon.closed.catch(() => {})
    for (const dir of [base, dataDir]) rmSync(dir, { recursive: true, force: true })
  })
  await daemon.ready
  const client = await testClient(server, { name: 'Ada' })
  const index = openFiles((await client.open({ kind: 'files' })).doc)
  const send = async (route: string, body: object) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await server.inWorkspace(route, { method: 'POST', body: JSON.stringify(body), headers })
    return (await answer.json()) as Record<string, unknown>
  }
  const taskNow = async (id: string) => (await (await server.inWorkspace(`/tasks/${id}`)).json()) as Task
  const ask = async (payload: object) => String((await send('/tasks', { payload, timeoutMs: 60_000 })).id)
  const ended = (id: string): Promise<Task> =>
    until('the task is over', async () => {
      const task = await taskNow(id)
      return isTerminal(task.state) && task
    })
  return {
    server,
    folder,
    client,
    index,
    ask,
    ended,
    taskNow,
    run: async (payload: object) => ended(await ask(payload)),
    execute: (code: string, more: object = {}) =>
      send('/execute', { code, waitMs: 60_000, timeoutMs: 60_000, ...more }),
    cancel: (id: string) => send(`/tasks/${id}/cancel`, {}),
    /** What became of each file lately, and by which cause: by its path and the change. */
    history: async () => {
      const { steps } = (await (await server.inWorkspace('/history')).json()) as {
        steps: { files: { path: string; change: string }[]; author?: { cause?: Cause } }[]
      }
      return new Map(
        steps.flatMap(({ files, author }) =>
          files.map(({ path, change }) => [`${path} ${change}`, author?.cause] as const),
        ),
      )
    },
    /** What is in a document of the workspace, as anybody sees it. */
    open: async (path: string) => {
      const fileId = await until(`${path} is shared`, () => index.snapshot().byPath.get(path)?.id)
      return client.open({ kind: 'file', fileId })
    },
    onDisk: (path: string) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined),
    save: (path: string, text: string) => writeFileSync(join(folder, path), text),
    /** Who wrote what of a file: pieces of text, each with its cause. */
    blame: async (path: string): Promise<[text: string, cause: Cause | undefined][]> => {
      const { authors, runs } = Blame.parse(await (await server.inWorkspace(`/versions/head/blame/${path}`)).json())
      const text = await (await server.inWorkspace(`/files/${path}`)).text()
      let from = 0
      return runs.map(({ length, author }) => [text.slice(from, (from += length)), authors[author]?.cause])
    },
  }
}
