import { expect, test } from 'vitest'
import { simulate } from './merge.sim.ts'

test('[AGT-88] [AGT-2] [AGT-4] [AGT-5] people and runs in one text, apart and together: nothing that a person typed is lost', async () => {
  const sum = { typed: 0, edits: 0, skipped: 0, rejected: 0, back: 0 }
  for (let seed = 0; seed < 70; seed++) {
    const { wrong, ...counts } = await simulate({ seed, steps: 40 })
    expect(wrong).toEqual([])
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counts[key]
  }
  // A simulation in which nothing happens shows nothing.
  for (const count of Object.values(sum)) expect(count).toBeGreaterThan(5)
})
