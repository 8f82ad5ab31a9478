import { protocolVersion, createId, silentLog, type FromDaemon } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import type { Attached } from './documents.ts'
import { keepSayingHello, openChannel } from './hello.ts'

/** A document's connection that comes and goes as the test says. */
function connectionForTest() {
  const said: string[] = []
  const state = { synced: false }
  let changed = () => {}
  const attached = {
    isSynced: () => state.synced,
    onState: (call: () => void) => {
      changed = call
      return () => (changed = () => {})
    },
    send: (payload: string) => said.push(payload),
    onMessage: () => () => {},
  } as unknown as Attached
  const become = (synced: boolean) => {
    state.synced = synced
    changed()
  }
  return { attached, said, become }
}
const hello = (): FromDaemon => ({
  t: 'hello',
  protocol: protocolVersion,
  bootId: createId(),
  mono: 1,
  slots: 3,
  running: [],
  lastGrantSeq: 0,
})

test('[S20] [S21] [S34] hello is said at once on every connection and then now and then, and never into one that is gone', async () => {
  const clock = fakeClock()
  const { attached, said, become } = connectionForTest()
  const stop = new AbortController()
  const channel = openChannel(attached, silentLog)
  const saying = keepSayingHello({ attached, channel, hello, everyMs: 10_000, clock }, stop.signal)
  const pass = async () => {
    clock.advance(10_000)
    await new Promise(setImmediate)
  }
  await pass()
  expect(said).toHaveLength(0)
  become(true)
  expect(said).toHaveLength(1)
  await pass()
  expect(said).toHaveLength(2)
  become(false)
  await pass()
  await pass()
  expect(said).toHaveLength(2)
  become(true)
  expect(said).toHaveLength(3)
  stop.abort()
  await saying
  become(false)
  become(true)
  expect(said).toHaveLength(3)
})
