import { afterEach, expect, test } from 'vitest'
import { isAlive, processesBelow } from '../harness/processes.ts'
import { cleanUp, killAndAwaitReturn, startTandem, type Tandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

afterEach(cleanUp)

type TaskView = {
  state: string
  reason?: string
  attempt: number
  attempts: { outcome?: string }[]
  completedAt?: string
  result?: { output?: { tail: string } }
}

/** Counts to five in as many half seconds, and notes each start on disk. */
const count = `import fs from 'node:fs'
fs.appendFileSync('starts.txt', 'started\\n')
for (let i = 1; i <= 5; i++) { console.log('count ' + i); await new Promise((r) => setTimeout(r, 500)) }
`

async function startTask(tandem: Tandem, more: object = {}) {
  const at = `/api/v1/workspaces/${tandem.ready.workspaceId}/tasks`
  const body = JSON.stringify({ payload: { kind: 'command', command: 'node', args: ['count.mjs'] }, ...more })
  const headers = { 'content-type': 'application/json' }
  const { id } = (await (await tandem.api(at, { method: 'POST', body, headers })).json()) as { id: string }
  // A server on its way up does not answer.
  const get = async () => {
    const answer = await tandem.api(`${at}/${id}`).catch(() => undefined)
    return answer?.ok ? ((await answer.json()) as TaskView) : undefined
  }
  const reaches = (state: string) =>
    until(`the task is ${state}`, async () => {
      const task = await get()
      return task?.state === state && task
    })
  const log = async () => (await tandem.api(`${at}/${id}/log`)).text()
  return { get, reaches, log }
}
const processOf = (tandem: Tandem) =>
  processesBelow(tandem.ready.pid).find(({ command }) => /(^|\/)node count\.mjs$/.test(command))?.pid

test('[S116] [TSK-9] a task goes on while the server is killed and comes back, and its whole output is there', async () => {
  const tandem = await startTandem({ files: { 'count.mjs': count } })
  const task = await startTask(tandem)
  const pid = await until('its process runs', () => processOf(tandem))
  await task.reaches('running')
  await killAndAwaitReturn(tandem, 'server')
  expect(isAlive(pid)).toBe(true)
  expect(await task.reaches('completed')).toMatchObject({ attempt: 1, attempts: [{ outcome: 'completed' }] })
  expect(tandem.read('starts.txt')).toBe('started\n')
  expect((await task.log()).match(/count \d/g)).toEqual(['count 1', 'count 2', 'count 3', 'count 4', 'count 5'])
})

test('[TSK-7] [TSK-12] a killed daemon takes its task with it: lost, or run again where that was asked for', async () => {
  const tandem = await startTandem({ files: { 'count.mjs': count } })
  const kept = await startTask(tandem)
  await kept.reaches('running')
  const pid = await until('its process runs', () => processOf(tandem))
  await killAndAwaitReturn(tandem, 'daemon')
  await until('its process is gone', () => !isAlive(pid))
  expect(await kept.reaches('lost')).toMatchObject({ attempt: 1, reason: 'the daemon restarted while it ran' })

  const again = await startTask(tandem, { onLost: 'requeue' })
  await again.reaches('running')
  await killAndAwaitReturn(tandem, 'daemon')
  const done = await again.reaches('completed')
  expect(done).toMatchObject({ attempt: 2, attempts: [{ outcome: 'lost' }, { outcome: 'completed' }] })
})

test('[TSK-97] [TSK-7] a daemon killed again and again within a lease begins no attempt twice', async () => {
  const note = `echo $TANDEM_TASK_ID.$TANDEM_TASK_ATTEMPT >> begun.txt; sleep 1`
  const tandem = await startTandem()
  const payload = { kind: 'command', command: note, shell: true }
  const kept = await Promise.all([0, 1].map(() => startTask(tandem, { payload })))
  const given = await startTask(tandem, { payload, onLost: 'requeue' })
  const begun = () => (tandem.read('begun.txt') ?? '').split('\n').filter(Boolean)
  for (let kill = 1; kill <= 2; kill++) {
    await until('something more has begun', () => begun().length > kill)
    await killAndAwaitReturn(tandem, 'daemon')
  }
  await given.reaches('completed')
  for (const task of kept)
    await until('it has ended', async () => ['completed', 'lost'].includes((await task.get())?.state ?? ''))
  expect(new Set(begun()).size).toBe(begun().length)
  const attempts = (await given.get())?.attempts ?? []
  expect(attempts.at(-1)).toMatchObject({ outcome: 'completed' })
})

test('[TSK-17] [S106] three tasks run at once, and the fourth when a slot is free', async () => {
  const tandem = await startTandem({ files: { 'count.mjs': count } })
  const tasks = await Promise.all(Array.from({ length: 4 }, () => startTask(tandem)))
  await Promise.all(tasks.slice(0, 3).map((t) => t.reaches('running')))
  await until('three processes', () => tandem.read('starts.txt') === 'started\n'.repeat(3))
  await Promise.all(tasks.map((t) => t.reaches('completed')))
  expect(tandem.read('starts.txt')).toBe('started\n'.repeat(4))
})

test('[S45] [OPS-18] a stopped Tandem ends its tasks and says why', async () => {
  const tandem = await startTandem({ files: { 'count.mjs': count } })
  const task = await startTask(tandem)
  await task.reaches('running')
  const pid = await until('its process runs', () => processOf(tandem))
  expect((await tandem.stop()).code).toBe(0)
  expect(isAlive(pid)).toBe(false)
  const { folder, dataDir, port } = tandem
  await startTandem({ folder, dataDir, port })
  expect(await task.reaches('failed')).toMatchObject({ reason: 'the daemon was stopped while it ran' })
})
