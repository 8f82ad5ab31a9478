import { afterEach, expect, test } from 'vitest'
import { cleanUp } from '../harness/tandem.ts'
import { noFaults, taskFaults } from '../task-faults.ts'

afterEach(cleanUp)

// The long suite `task-faults` does it for ten minutes.
test('[TSK-64] [TSK-190] [TSK-1] [TSK-16] [TSK-18] daemons and server are killed, stopped and cut off: no attempt is begun twice, no two run at a time, all end, and all that was put out is there', async () => {
  const counts = noFaults()
  await taskFaults({ seed: 5, ms: 6_000, restMs: 60_000 }, counts)
  expect(counts).toMatchObject({ doubled: 0, stuck: 0 })
  expect(counts.tasks).toBeGreaterThan(0)
})
