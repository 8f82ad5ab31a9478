import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { accessToken, connect, until, type Tandem } from '@tandem/e2e'
import type { DocRef, Id } from '@tandem/shared'
import { pause } from './pause.ts'
import { cpuOf } from './servers.ts'
import type { Row } from './stats.ts'
import { msToEnd, taskApi, type Seen } from './task-api.ts'

const count = 5
const megabytes = 10
const program = 'flood.mjs'
/** Writes so many bytes of lines as fast as they are taken; with `stay` it does not end then. */
const flood = `
const bytes = Buffer.alloc(65_536, 'The quick brown fox jumps over the lazy dog: 0123456789\\n')
for (let left = ${(megabytes * 2 ** 20) / 65_536}; left > 0; left--)
  if (!process.stdout.write(bytes)) await new Promise((go) => process.stdout.once('drain', go))
if (process.argv[2] === 'stay') setInterval(() => {}, 1_000)
`
/** 10 MB of output: until everything of it is on the server, what that costs, and what late comers wait for. */
export async function output(tandem: Tandem): Promise<Row[]> {
  const path = `/api/v1/workspaces/${tandem.ready.workspaceId}`
  const { ask, ended, look } = taskApi(tandem)
  tandem.write(program, flood)
  await until('the program is shared', async () => (await tandem.api(`${path}/files/${program}`)).ok)

  const [whole, piped, server, daemon]: [number[], number[], number[], number[]] = [[], [], [], []]
  const [first, read]: [number[], number[]] = [[], []]
  for (let i = 0; i < count; i++) {
    const [serverPid, daemonPid] = [tandem.pidOf('server'), tandem.pidOf('daemon')]
    const before = [cpuOf(serverPid), cpuOf(daemonPid)] as const
    // Each look costs the server something too.
    const task = await ended(await ask('node', [program]), 300)
    if (!task.result?.output?.segments) throw new Error('the output did not come whole')
    whole.push(msToEnd(task))
    // What follows of it, such as trimming, belongs to it.
    await pause(500)
    server.push(cpuOf(serverPid) - before[0])
    daemon.push(cpuOf(daemonPid) - before[1])
    const readFrom = performance.now()
    const reader = (await tandem.api(`${path}/tasks/${task.id}/log`)).body!.getReader()
    for (let bytes = 0, next = await reader.read(); !next.done; next = await reader.read()) {
      if (bytes === 0) first.push(performance.now() - readFrom)
      bytes += next.value.length
    }
    read.push(performance.now() - readFrom)
    const pipedFrom = performance.now()
    await new Promise((ended) => {
      const child = spawn('node', [join(tandem.folder, program)], { stdio: ['ignore', 'pipe', 'inherit'] })
      child.stdout.on('data', () => {})
      child.once('close', ended)
    })
    piped.push(performance.now() - pipedFrom)
  }
  const floor = { what: 'the same through a pipe', samples: piped }
  return [
    {
      what: `${megabytes} MB of output -> all of it on the server and its end known`,
      samples: whole,
      floor,
      note: 'by the server’s clock',
    },
    { what: 'server CPU of that', samples: server },
    { what: 'daemon CPU of that', samples: daemon },
    { what: `late joiner to ${megabytes} MB that has ended -> its first bytes`, samples: first },
    { what: 'the same -> all of it, from its segments', samples: read },
    {
      what: `late joiner to ${megabytes} MB that runs on -> its live window`,
      samples: await lateJoiners(tandem, await ask('node', [program, 'stay']), look),
    },
  ]
}

/** How long who joins now waits for the window of a task that has put out all that and runs on. */
async function lateJoiners(tandem: Tandem, id: Id, look: (id: Id) => Promise<Seen>): Promise<number[]> {
  const log: DocRef = { kind: 'log', taskId: id, attempt: 1 }
  await until('it runs', async () => (await look(id)).state === 'running')
  const lastOf = async () => {
    const client = connect(tandem, await accessToken(tandem), log)
    const from = performance.now()
    await client.synced()
    const ms = performance.now() - from
    const last = client.document.getArray<{ o: number; d: Uint8Array }>('chunks').toArray().at(-1)
    client.close()
    return { ms, end: last ? last.o + last.d.length : 0 }
  }
  await until('all of it is there', async () => (await lastOf()).end === megabytes * 2 ** 20)
  const samples: number[] = []
  for (let i = 0; i < 4 * count; i++) samples.push((await lastOf()).ms)
  const route = `/api/v1/workspaces/${tandem.ready.workspaceId}/tasks/${id}/cancel`
  await tandem.api(route, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"force":true}' })
  return samples
}
