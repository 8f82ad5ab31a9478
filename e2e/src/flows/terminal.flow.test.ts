import { openOps, openTaskLog } from '@tandem/shared/docs'
import { plainText, type Id } from '@tandem/shared'
import { afterEach, expect, test } from 'vitest'
import { accessToken, connect } from '../harness/documents.ts'
import { isAlive, processesBelow } from '../harness/processes.ts'
import { cleanUp, startTandem, type Tandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

afterEach(cleanUp)

type View = { id: Id; state: string; attempt: number; waiting?: { reason: string }; result?: { exitCode?: number } }

function tasksOf(tandem: Tandem) {
  const at = `/api/v1/workspaces/${tandem.ready.workspaceId}/tasks`
  const headers = { 'content-type': 'application/json' }
  const get = async (id: Id) => (await (await tandem.api(`${at}/${id}`)).json()) as View
  return {
    get,
    ask: async (payload: object) => {
      const body = JSON.stringify({ payload: { kind: 'command', ...payload }, timeoutMs: 600_000 })
      return (await (await tandem.api(at, { method: 'POST', body, headers })).json()) as View
    },
    reaches: (id: Id, state: string) =>
      until(`the task is ${state}`, async () => {
        const task = await get(id)
        return task.state === state && task
      }),
    cancel: (id: Id) => tandem.api(`${at}/${id}/cancel`, { method: 'POST' }),
  }
}

/** Somebody with the task's terminal before them, in a session of their own. */
async function watcher(tandem: Tandem, task: Id) {
  const access = await accessToken(tandem)
  const { principal, session } = access.claims
  const mine = connect(tandem, access, { kind: 'requests', principal, session })
  const shown = connect(tandem, access, { kind: 'log', taskId: task, attempt: 1 })
  await Promise.all([mine.synced(), shown.synced()])
  const log = openTaskLog(shown.document)
  const screen = () => plainText(Buffer.concat(log.snapshot().map(({ d }) => d)).toString())
  let n = 0
  const send = (message: object) =>
    mine.provider.sendStateless(JSON.stringify({ n: ++n, task, attempt: 1, ...message }))
  return {
    sees: (words: string) => until(`the terminal shows ${words}`, () => screen().includes(words)),
    type: (data: string) => send({ t: 'type', data }),
    hasSize: (cols: number, rows: number) => send({ t: 'resize', size: { cols, rows } }),
    close: () => [mine, shown].forEach((each) => each.close()),
  }
}

test('[TSK-90] [TSK-92] [TSK-93] two people at one terminal see the same, type in turn, and it has the size of who typed last', async () => {
  const tandem = await startTandem()
  const tasks = tasksOf(tandem)
  const { id } = await tasks.ask({ command: 'bash', args: ['--norc', '-i'], terminal: { cols: 80, rows: 24 } })
  await tasks.reaches(id, 'running')
  const [mira, noah] = [await watcher(tandem, id), await watcher(tandem, id)]
  mira.hasSize(101, 31)
  noah.hasSize(57, 17)
  mira.type('echo $((40 + 2)) at $(stty size)\r')
  for (const each of [mira, noah]) await each.sees('42 at 31 101')
  noah.type('echo $((40 + 3)) at $(stty size)\r')
  for (const each of [mira, noah]) await each.sees('43 at 17 57')
  noah.hasSize(60, 20)
  // Theirs reaches the terminal before what they type after it.
  noah.type('echo $((40 + 4)) at $(stty size); sleep 1000\r')
  for (const each of [mira, noah]) await each.sees('44 at 20 60')
  mira.type('\u0003')
  mira.type('exit 7\r')
  expect(await tasks.reaches(id, 'failed')).toMatchObject({ result: { exitCode: 7 } })
  for (const each of [mira, noah]) each.close()
})

test('[TSK-95] of a terminal whose daemon is killed nothing is left', async () => {
  const tandem = await startTandem()
  const tasks = tasksOf(tandem)
  const { id } = await tasks.ask({ command: 'bash', args: ['--norc', '-i'], terminal: { cols: 80, rows: 24 } })
  await tasks.reaches(id, 'running')
  const mira = await watcher(tandem, id)
  mira.type('trap "" TERM HUP; sleep 4321 & echo $((40 + 2))\r')
  await mira.sees('42')
  const daemon = tandem.pidOf('daemon') as number
  const all = processesBelow(daemon).map(({ pid }) => pid)
  expect(all.length).toBeGreaterThan(3)
  process.kill(daemon, 'SIGKILL')
  await until('nothing of it is left', () => !all.some(isAlive))
  expect(await tasks.reaches(id, 'lost')).toMatchObject({ attempt: 1 })
  mira.close()
})

test('[TSK-86] [TSK-87] a daemon told by SIGUSR2 begins nothing more, says so at once, and ends what it began', async () => {
  const tandem = await startTandem()
  const tasks = tasksOf(tandem)
  const ops = connect(tandem, await accessToken(tandem), { kind: 'ops' })
  await ops.synced()
  const before = await tasks.ask({ command: 'until [ -e go ]; do sleep 0.1; done', shell: true })
  await tasks.reaches(before.id, 'running')
  process.kill(tandem.pidOf('daemon') as number, 'SIGUSR2')
  const [daemon] = openOps(ops.document).daemons.snapshot().values()
  await until('it says that it has no slots', () => openOps(ops.document).daemons.get(daemon?.id ?? '')?.slots === 0)
  const after = await tasks.ask({ command: 'true' })
  expect((await tasks.get(after.id)).waiting?.reason).toMatch(/begins nothing more$/)
  await tasks.ask({ command: 'true' })
  tandem.write('go', '')
  await tasks.reaches(before.id, 'completed')
  expect((await tasks.get(after.id)).state).toBe('queued')
  ops.close()
})
