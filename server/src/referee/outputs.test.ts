import { createId, protocolVersion, type Id, type TaskOutput } from '@tandem/shared'
import { expect, test } from 'vitest'
import { refereeForTest, runs } from './in-memory.suite.ts'

const blob = 'a'.repeat(64)
const whole: TaskOutput = { bytes: 5, truncated: false, tail: 'hello', segments: [{ blob, size: 60, lines: 1 }] }
const { segments: _, ...without } = whole
const { tail: __, ...place } = whole

/** A referee with a task that a daemon runs, and that daemon's words to it. */
async function running(more: object = {}) {
  const all = refereeForTest()
  const referee = all.start()
  const daemon = createId()
  const hello = (daemonId = daemon, bootId: Id = createId()) =>
    referee.onMessage(daemonId, {
      t: 'hello',
      protocol: protocolVersion,
      bootId,
      mono: 1,
      slots: 3,
      running: [],
      lastGrantSeq: 0,
    })
  await hello()
  const task = await all.asks(referee).ask(runs('ls', more))
  const claim = (daemonId = daemon) => referee.onMessage(daemonId, { t: 'claim', n: 1, task, mono: 1 })
  await claim()
  const end = (output: TaskOutput | undefined, attempt = 1) =>
    referee.onMessage(daemon, {
      t: 'report',
      n: 2,
      task,
      attempt,
      state: 'failed',
      result: { exitCode: 1, error: 'no', output },
    })
  const handIn = (output: TaskOutput, attempt = 1, daemonId = daemon) =>
    referee.onMessage(daemonId, { t: 'output', task, attempt, output })
  const record = () => all.tasks.get(task)
  return { ...all, referee, daemon, task, hello, claim, end, handIn, record }
}

test('[TSK-103] where its output lies stands with each attempt, and stays there when the task is run again', async () => {
  const { end, record, asks, referee, task } = await running()
  await end(whole)
  expect(record()?.attempts).toMatchObject([{ n: 1, outcome: 'failed', exitCode: 1, error: 'no', output: place }])
  expect(record()?.attempts[0]?.output).not.toHaveProperty('tail')
  await asks(referee).ask({ kind: 'retry', task })
  expect(record()?.result).toBeUndefined()
  expect(record()?.attempts[0]?.output).toEqual(place)
})

test('[TSK-104] an output that came after the report is put beside it, once, and from the one who ran it', async () => {
  const { end, handIn, record, audited, task } = await running()
  await handIn(whole)
  expect(record()?.attempts[0]?.output).toBeUndefined()
  await end(without)
  await handIn(whole, 1, createId())
  await handIn(whole, 2)
  expect(record()?.result?.output).toEqual(without)
  await handIn(whole)
  expect(record()).toMatchObject({ state: 'failed', result: { error: 'no', output: whole } })
  expect(record()?.attempts[0]?.output).toEqual(place)
  const before = record()
  await handIn({ ...whole, bytes: 6 })
  expect(record()).toBe(before)
  expect(audited.filter((line) => line === `task.output ${task}`)).toHaveLength(1)
})

test('[TSK-104] of an attempt that was lost or given to another, the output still comes to its own place', async () => {
  const { hello, claim, handIn, record } = await running({ onLost: 'requeue' })
  await hello()
  expect(record()).toMatchObject({ state: 'queued', attempt: 1 })
  await handIn(whole)
  expect(record()).toMatchObject({ state: 'queued', attempts: [{ n: 1, outcome: 'lost', output: place }] })
  const other = createId()
  await hello(other)
  await claim(other)
  await handIn({ ...whole, bytes: 9 }, 2)
  expect(record()?.attempts[1]).not.toHaveProperty('output')
})
