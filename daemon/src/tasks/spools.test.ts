import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createId, silentLog, type FromDaemon, type Id, type Task } from '@tandem/shared'
import { readLogSegment, stdout, type LogChunk } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createSpools } from './spools.ts'

const day = 24 * 3_600_000
const chunk = (text: string): LogChunk => ({ q: 0, o: 0, t: 0, s: stdout, d: new Uint8Array(Buffer.from(text)) })

/** A daemon's spools and what it says; `start` is its next session, with what the last one left on disk. */
async function bench() {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-spools-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const daemonId = createId()
  const tasks = new Map<Id, Task>()
  const clock = fakeClock(Date.now())
  const said: Extract<FromDaemon, { t: 'output' }>[] = []
  const server = { blobs: new Map<string, Uint8Array>(), isThere: Promise.withResolvers<void>() }
  server.isThere.resolve()
  const start = () => {
    const over = new AbortController()
    const spools = createSpools({
      folder,
      daemonId,
      tasks: { get: (id) => tasks.get(id) },
      put: async (hash, bytes) => {
        await server.isThere.promise
        server.blobs.set(hash, bytes)
      },
      send: (message) => message.t === 'output' && said.push(message),
      clock,
      log: silentLog,
      signal: over.signal,
    })
    const running = spools.run(over.signal)
    const end = async () => {
      over.abort()
      await running
    }
    onTestFinished(end)
    return { spools, end }
  }
  const record = (id: Id, more: Partial<Task['attempts'][number]> = {}) =>
    tasks.set(id, { id, attempt: 1, attempts: [{ n: 1, daemonId, ...more }] } as Task)
  const textOf = (segments: readonly { blob: string }[] = []) =>
    segments.map(({ blob }) => readLogSegment(server.blobs.get(blob) ?? new Uint8Array()).map(({ d }) => Buffer.from(d).toString()).join('')).join('') // prettier-ignore
  /** Time goes by until then. */
  const until = (ready: () => unknown) =>
    vi.waitUntil(() => (clock.advance(5_000), ready()), { timeout: 10_000, interval: 5 })
  const left = () => readdir(folder)
  return { folder, daemonId, tasks, clock, said, server, start, record, textOf, until, left }
}

test('[TSK-104] a spool goes once the record says where its output lies', async () => {
  const { start, record, left, textOf, until, said } = await bench()
  const { spools } = start()
  const task = createId()
  record(task)
  const spool = await spools.open(task, 1)
  spool.write([chunk('hello')])
  const output = await spool.seal()
  expect(textOf(output.segments)).toBe('hello')
  expect(await left()).toEqual([`${task}.1`])
  record(task, { outcome: 'completed', output })
  await until(async () => (await left()).length === 0)
  expect(said).toEqual([])
})

test('[TSK-105] what a killed daemon left is handed in when its attempt is over, until the record says so', async () => {
  const { start, record, left, textOf, until, said } = await bench()
  const first = start()
  const task = createId()
  record(task)
  const spool = await first.spools.open(task, 1)
  spool.write([chunk('as far as it came')])
  await spool.close()
  await first.end()
  start()
  let looks = 0
  await until(() => ++looks > 20)
  expect([await left(), said]).toEqual([[`${task}.1`], []])
  record(task, { outcome: 'lost' })
  await until(() => said.length > 2)
  expect(said[0]).toMatchObject({
    task,
    attempt: 1,
    output: { bytes: 17, truncated: false, tail: 'as far as it came' },
  })
  expect(textOf(said[0]?.output.segments)).toBe('as far as it came')
  record(task, { outcome: 'lost', output: said[0]!.output })
  await until(async () => (await left()).length === 0)
})

test('[TSK-105] an output whose report could not wait for it is handed in once the server is there', async () => {
  const { start, record, until, said, server } = await bench()
  const { spools } = start()
  const task = createId()
  record(task)
  server.isThere = Promise.withResolvers()
  const spool = await spools.open(task, 1)
  spool.write([chunk('late')])
  const sealing = spool.seal()
  record(task, { outcome: 'completed', output: { bytes: 4, truncated: false } })
  await until(async () => true)
  expect(said).toEqual([])
  server.isThere.resolve()
  await until(() => said.length > 0)
  expect(said[0]?.output).toEqual(await sealing)
})

test('[TSK-105] another daemon’s attempt, one the record has forgotten and what belongs to nothing for a month go unsaid', async () => {
  const { folder, start, record, tasks, until, left, said, clock } = await bench()
  const { spools } = start()
  const [others, forgotten, unknown] = [createId(), createId(), createId()]
  for (const task of [others, forgotten, unknown]) await (await spools.open(task, 1)).close()
  record(others, { outcome: 'failed', daemonId: createId() })
  tasks.set(forgotten, { attempts: [{ n: 12, daemonId: createId() }] } as unknown as Task)
  await until(async () => (await left()).length === 1)
  expect(await left()).toEqual([`${unknown}.1`])
  const longAgo = new Date(clock.now() - 31 * day)
  await utimes(join(folder, `${unknown}.1`), longAgo, longAgo)
  await until(async () => (await left()).length === 0)
  expect(said).toEqual([])
})
