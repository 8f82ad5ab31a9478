import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { accessToken, connect, until, type Tandem } from '@tandem/e2e'
import type { DocRef, Id } from '@tandem/shared'
import { pause } from './pause.ts'
import { cpuOf } from './servers.ts'
import type { Row } from './stats.ts'

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
type Seen = { state: string; createdAt: string; completedAt?: string; result?: { output?: { segments?: unknown[] } } }

/** 10 MB of output: until everything of it is on the server, what that costs, and what late comers wait for. */
export async function output(tandem: Tandem): Promise<Row[]> {
  const path = `/api/v1/workspaces/${tandem.ready.workspaceId}/tasks`
  const ask = async (...args: string[]): Promise<Id> => {
    const body = JSON.stringify({ payload: { kind: 'command', command: 'node', args: [program, ...args] } })
    const headers = { 'content-type': 'application/json' }
    return ((await (await tandem.api(path, { method: 'POST', body, headers })).json()) as { id: Id }).id
  }
  const look = async (id: Id) => (await (await tandem.api(`${path}/${id}`)).json()) as Seen
  tandem.write(program, flood)
  await until('the program is shared', async () => (await tandem.api(`${path}/../files/${program}`)).ok)

  const [whole, piped, server, daemon, read]: [number[], number[], number[], number[], number[]] = [[], [], [], [], []]
  for (let i = 0; i < count; i++) {
    const [serverPid, daemonPid] = [tandem.pidOf('server'), tandem.pidOf('daemon')]
    const before = [cpuOf(serverPid), cpuOf(daemonPid)] as const
    const id = await ask()
    for (;;) {
      const { createdAt, completedAt, result } = await look(id)
      if (completedAt !== undefined) {
        if (!result?.output?.segments) throw new Error('the output did not come whole')
        whole.push(Date.parse(completedAt) - Date.parse(createdAt))
        break
      }
      // Each look costs the server something too.
      await pause(300)
    }
    // What follows of it, such as trimming, belongs to it.
    await pause(500)
    server.push(cpuOf(serverPid) - before[0])
    daemon.push(cpuOf(daemonPid) - before[1])
    const readFrom = performance.now()
    await (await tandem.api(`${path}/${id}/log`)).arrayBuffer()
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
    { what: `${megabytes} MB of output read over REST`, samples: read },
    { what: 'late joiner -> live window', samples: await lateJoiners(tandem, await ask('stay'), look) },
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
