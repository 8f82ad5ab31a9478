import { silentLog, type TaskOutput } from '@tandem/shared'
import { note, openTaskLog, type LogChunk } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createAttemptOutput } from './attempt-output.ts'

function bench() {
  const clock = fakeClock(1_000)
  const live = openTaskLog(new Y.Doc())
  const spooled: LogChunk[] = []
  const room = { promise: undefined as Promise<void> | undefined }
  const sealing = Promise.withResolvers<TaskOutput>()
  const spool = {
    write: (chunks: readonly LogChunk[]) => void spooled.push(...chunks),
    room: () => room.promise,
    close: async () => {},
    seal: () => sealing.promise,
  }
  const output = createAttemptOutput({ live, spool, clock, log: silentLog })
  return { clock, live, spooled, room, sealing, output }
}
const hello = () => Buffer.from('hello')
const never = new AbortController().signal
const whole: TaskOutput = { bytes: 5, truncated: false, tail: 'hello', segments: [] }

test('[TSK-102] the live window and the spool get the same chunks, words of ours too, also those after the end', () => {
  const { live, spooled, output, room } = bench()
  room.promise = Promise.resolve()
  expect(output.write('stdout', hello())).toBe(room.promise)
  output.note('of ours')
  output.end()
  output.note('not shared yet')
  expect(live.snapshot()).toEqual(spooled)
  expect(spooled.map(({ s }) => s)).toEqual([1, note, note])
})

test('[TSK-112] a report says where the whole output lies', async () => {
  const { output, sealing } = bench()
  void output.write('stdout', hello())
  sealing.resolve(whole)
  expect(await output.sealed(never)).toBe(whole)
})

test('[TSK-112] [TSK-207] after half a minute it is made without, and where the disk or the server refuses, or nobody waits', async () => {
  const known = { bytes: 5, truncated: false, tail: 'hello' }
  const late = bench()
  void late.output.write('stdout', hello())
  const sealed = late.output.sealed(never)
  late.clock.advance(29_999)
  expect(await Promise.race([sealed, Promise.resolve('waits')])).toBe('waits')
  late.clock.advance(1)
  expect(await sealed).toEqual(known)

  const failing = bench()
  void failing.output.write('stdout', hello())
  failing.sealing.reject(new Error('the disk failed'))
  expect(await failing.output.sealed(never)).toEqual({ ...known, unkept: 'the disk failed' })

  const given = bench()
  void given.output.write('stdout', hello())
  expect(await given.output.sealed(AbortSignal.abort())).toEqual(known)
})
