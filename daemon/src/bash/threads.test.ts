import { fakeClock } from '@tandem/shared/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createThreads } from './threads.ts'

test('[SBX-342] a thread serves the lines of any shell, a few wait for the next, and none that nobody needs', async () => {
  const clock = fakeClock()
  const threads = createThreads({ memMb: 64, clock })
  onTestFinished(threads.close)
  const [a, b, c] = [threads.take(), threads.take(), threads.take()]
  expect(new Set([a, b, c]).size).toBe(3)
  const ended = (thread: typeof a) => new Promise((resolve) => void thread.once('exit', resolve))
  const overmuch = ended(c)
  for (const thread of [a, b, c]) threads.give(thread)
  await overmuch
  expect(threads.take()).toBe(b)
  threads.give(b)
  clock.advance(59_000)
  expect(threads.take()).toBe(b)
  const idle = ended(a)
  clock.advance(1_000)
  await idle
  threads.give(b)
  const dead = ended(b)
  await b.terminate()
  await dead
  const last = threads.take()
  expect([a, b, c]).not.toContain(last)
  threads.close()
  const over = ended(last)
  threads.give(last)
  await over
})
