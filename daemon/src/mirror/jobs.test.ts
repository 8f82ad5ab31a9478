import { createId, silentLog, type Id } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { createJobs } from './jobs.ts'
import { createLocks } from './locks.ts'
import type { Hint } from './text/settle-content.ts'

/** Jobs whose work fails while `isBroken` says so. */
function setUp(isBroken: (hint: Hint) => boolean) {
  const clock = fakeClock()
  const worked: Hint[] = []
  const jobs = createJobs({
    work: async (_id: Id, hint) => {
      worked.push(hint)
      if (isBroken(hint)) throw new Error('the disk is full')
    },
    isHeavy: () => false,
    locks: createLocks(),
    clock,
    log: silentLog,
    signal: new AbortController().signal,
    onDone: () => {},
  })
  const run = async (ms: number) => {
    for (let i = 0; i < ms / 500; i++) {
      clock.advance(500)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { jobs, worked, run }
}

test('[MIR-53] a file that fails stays failing until what failed is done, whatever else is looked at meanwhile', async () => {
  let isBroken = true
  const { jobs, worked, run } = setUp(({ moved }) => isBroken && moved === true)
  const [id, task] = [createId(), createId()]
  jobs.add(id, { moved: true, task })
  await run(500)
  expect([...jobs.failing()]).toEqual([[id, 'the disk is full']])
  // A scan looks at it again, and by itself finds nothing to do.
  jobs.add(id)
  await run(500)
  expect([...jobs.failing().keys()]).toEqual([id])
  isBroken = false
  await run(10_000)
  expect(jobs.failing().size).toBe(0)
  expect(worked.at(-1)).toMatchObject({ moved: true })
})

test('[MIR-53] however often a failing file is set to work, one next try is waited for, not longer for that', async () => {
  const { jobs, worked, run } = setUp(() => true)
  const id = createId()
  for (let i = 0; i < 50; i++) {
    jobs.add(id, { moved: true })
    await run(500)
  }
  worked.length = 0
  await run(120_000)
  expect(worked.length).toBeGreaterThan(1)
  expect(worked.length).toBeLessThanOrEqual(8)
})

test('[MIR-66] a text read for a file that waits is not used once it is known to have moved on since', async () => {
  const { jobs, worked, run } = setUp(() => false)
  const remote = { text: 'as it was', state: '', includes: () => true }
  const ids = [createId(), createId(), createId()] as const
  const [later, before, read] = ids
  jobs.add(later, { moved: true, remote })
  jobs.add(later, { moved: true })
  jobs.add(before, { moved: true })
  jobs.add(before, { moved: true, remote })
  jobs.add(read, { found: 'a.ts' })
  jobs.add(read, { moved: true, remote })
  await run(500)
  expect(worked).toEqual([{ moved: true }, { moved: true }, { found: 'a.ts', moved: true, remote }])
})
