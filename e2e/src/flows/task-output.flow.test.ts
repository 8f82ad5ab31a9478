import { bulkFrames, type Task } from '@tandem/shared'
import { afterEach, expect, test } from 'vitest'
import { cleanUp, killAndAwaitReturn, startTandem, type Tandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

afterEach(cleanUp)

/** Documents that nobody has open are let go of at once. */
const env = { TANDEM_DOC_IDLE_MS: '100', TANDEM_PING_MS: '100', TANDEM_DEAD_MS: '5000' }
const inWorkspace = (tandem: Tandem, route: string, init?: RequestInit) =>
  tandem.api(`/api/v1/workspaces/${tandem.ready.workspaceId}${route}`, init)

async function start(tandem: Tandem, script: string, more: object = {}) {
  const body = JSON.stringify({ payload: { kind: 'command', command: 'node', args: ['-e', script] }, ...more })
  const headers = { 'content-type': 'application/json' }
  const made = await inWorkspace(tandem, '/tasks', { method: 'POST', body, headers })
  const { id } = (await made.json()) as { id: string }
  const get = async () => {
    const answer = await inWorkspace(tandem, `/tasks/${id}`).catch(() => undefined)
    return answer?.ok ? ((await answer.json()) as Task) : undefined
  }
  const reaches = (what: string, ready: (task: Task) => boolean) =>
    until(what, async () => {
      const task = await get()
      return task && ready(task) && task
    })
  const log = async (query = '') => {
    const answer = await inWorkspace(tandem, `/tasks/${id}/log${query}`)
    return { text: await answer.text(), from: answer.headers.get('tandem-log') }
  }
  return { id, reaches, log }
}

test('[TSK-102] [TSK-106] [TSK-111] [S137] a long output and kept files are on the server, and the live log is gone', async () => {
  const tandem = await startTandem({ env, files: { 'keep.txt': 'kept', '.env': 'secret' } })
  const line = 'x'.repeat(99)
  const script = `const line = '${line}\\n'; for (let i = 0; i < 30_000; i++) process.stdout.write(line); console.log('the end')`
  const task = await start(tandem, script, { artifacts: ['keep.txt', '.env'] })
  const done = await task.reaches('it is over', ({ state }) => state === 'completed')
  expect(done.result).toMatchObject({ artifacts: [{ path: 'keep.txt', size: 4 }], output: { truncated: false } })
  expect(done.attempts[0]?.output?.segments?.length).toBeGreaterThan(2)
  const { text, from } = await task.log()
  expect(from).toBe('sealed')
  const own = `${`${line}\n`.repeat(30_000)}the end\n`
  expect(text.length).toBeGreaterThan(own.length)
  expect(text.slice(0, 3_000_000)).toBe(own.slice(0, 3_000_000))
  expect(text).toContain('not kept: .env (it stands for secrets)')
  expect(await (await inWorkspace(tandem, `/tasks/${task.id}/artifacts/keep.txt`)).text()).toBe('kept')
  await until('the live log is gone', async () => {
    const body = JSON.stringify({ docs: [`log/${task.id}.1`] })
    const headers = { 'content-type': 'application/json' }
    const answer = await inWorkspace(tandem, '/bulk/read', { method: 'POST', body, headers })
    for await (const frame of bulkFrames(answer.body!)) if (frame.update) return false
    return answer.ok
  })
  expect((await task.log()).text).toBe(text)
})

test('[TSK-105] of a task that was lost with its daemon, what it had put out is handed in', async () => {
  const tandem = await startTandem({ env })
  const script = `console.log('as far as it came'); setInterval(() => {}, 1_000)`
  const task = await start(tandem, script, { timeoutMs: 600_000 })
  await task.reaches('it runs', ({ state }) => state === 'running')
  await until('its output is seen', async () => (await task.log()).text === 'as far as it came\n')
  await killAndAwaitReturn(tandem, 'daemon')
  await task.reaches('it is lost', ({ state }) => state === 'lost')
  await task.reaches('its output has come', ({ attempts }) => attempts[0]?.output?.segments?.length === 1)
  expect(await task.log()).toEqual({ text: 'as far as it came\n', from: 'sealed' })
})
