import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MemoryServer } from './testing/memory-workspace.ts'
import { createRig, type Rig } from './testing/rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

/** A server that has the texts, and lets other things happen before it says so. */
const takingItsTime = (server: MemoryServer): MemoryServer => ({
  ...server,
  join: (history) => {
    const workspace = server.join(history)
    return {
      ...workspace,
      seed: async (...texts) => {
        const states = await workspace.seed(...texts)
        for (let turns = 0; turns < 20; turns++) await setImmediate()
        return states
      },
    }
  },
})

test('[MIR-67] thousands of files that are new are put once each, and each has its entry', async () => {
  const count = 2_400
  for (let i = 0; i < count; i++) rig.write(`part-${i % 12}/file-${i}.ts`, `${i}\n`)
  await rig.start({ server: takingItsTime(rig.server), watching: false })
  const { byPath } = rig.server.files.snapshot()
  expect(byPath.size).toBe(count)
  expect(new Set(rig.server.takeUpdates())).toEqual(new Set([...byPath.values()].map(({ id }) => id)))
})
