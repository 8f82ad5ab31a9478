import { afterAll, expect, test } from 'vitest'
import { historyOf, simulate } from './mirror.sim.ts'
import { lightFuse } from './testing/fuse.ts'

const undo = await lightFuse()
afterAll(undo)

/** Once each went wrong; what it was is in the history of the mirror. The long suite `mirror-sim` looks further. */
const known = [59, 78, 103, 115, 124, 220, 293, 325, 427, 1267, 3109, 3201, 3289, 3293, 5030, 6529, 8112, 1553216320]
const others = Array.from({ length: 8 }, (_, i) => 300 + i)

test.for([...known, ...others])(
  '[MIR-100] [MIR-10] [MIR-11] [MIR-13] [MIR-14] [MIR-34] kills at any step, offline spells, writers on disk and in documents: no line is lost or doubled (seed %i)',
  async (seed) => {
    expect((await simulate(historyOf(seed))).wrong).toEqual([])
  },
)
