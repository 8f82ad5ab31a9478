import { expect, test } from 'vitest'
import { historyOf } from './history.ts'
import { retold } from './retold.ts'
import { simulate } from './simulate.ts'
import { steady, withinMs } from './steady.ts'

/** The long suite `referee-faults` looks further. */
const seeds = Array.from({ length: 16 }, (_, i) => 300 + i)

test.for(seeds)(
  '[TSK-63] [TSK-1] [TSK-2] [TSK-3] [TSK-4] [TSK-5] [TSK-6] [TSK-7] [TSK-8] [TSK-9] [TSK-12] [TSK-16] [TSK-17] [TSK-18] [TSK-19] [TSK-21] links, processes, disks and clocks fail as they like, and no promise is broken (seed %i)',
  async (seed) => {
    const { wrong } = await simulate(historyOf(seed))
    expect(wrong, wrong.length > 0 ? await retold(historyOf(seed)) : '').toEqual([])
  },
)

test('[TSK-63] a seed decides all of it: the same history twice goes the same way', async () => {
  const told = async () => {
    const lines: string[] = []
    await simulate(historyOf(7), (line) => lines.push(line))
    // Ids are made anew each time; commands and messages are not.
    return lines.map((line) => line.replaceAll(/[0-9A-HJKMNP-TV-Z]{26}/g, 'id').replaceAll(/"signal":"\d+"/g, ''))
  }
  expect(await told()).toEqual(await told())
})

test('[TSK-20] [TSK-63] where more of the highest priority comes than can be run, one of the lowest begins in time', async () => {
  expect(await steady(1)).toBeLessThan(withinMs)
})
