import { readFileSync, readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { binary } from '../testing/binary.ts'
import { createRig, type Rig } from '../testing/rig.ts'

// As in crash.test.ts: from the chosen step on nothing is done any more, and what starts anew finds what a killed
// process would have left.
const death = vi.hoisted(() => {
  const state = { at: Infinity, after: false, steps: 0, dead: false }
  const begin = () => {
    if (state.dead) throw new Error('dead')
    const isLast = state.steps++ === state.at
    if (isLast) state.dead = true
    if (isLast && !state.after) throw new Error('died before')
    return () => {
      if (isLast) throw new Error('died after')
    }
  }
  const step = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      const end = begin()
      const result = await work(...args)
      end()
      return result
    }
  }
  return { state, begin, step }
})
vi.mock('../memory/shadow.ts', async (original) => {
  const real = await original<typeof import('../memory/shadow.ts')>()
  return {
    ...real,
    openShadows: async (dir: string) => {
      const shadows = await real.openShadows(dir)
      const { step } = death
      return { ...shadows, put: step(shadows.put), intend: step(shadows.intend), drop: step(shadows.drop) }
    },
  }
})
vi.mock('../../disk/write.ts', async (original) => {
  const real = await original<typeof import('../../disk/write.ts')>()
  return { ...real, finish: death.step(real.finish), placeNew: death.step(real.placeNew) }
})
vi.mock('../../disk/replace.ts', async (original) => {
  const real = await original<typeof import('../../disk/replace.ts')>()
  const placeOver = (...args: Parameters<typeof real.placeOver>) => {
    const end = death.begin()
    const result = real.placeOver(...args)
    end()
    return result
  }
  return { ...real, placeOver }
})

let rig: Rig
beforeEach(() => {
  rig = createRig()
  Object.assign(death.state, { at: Infinity, after: false, steps: 0, dead: false })
})
afterEach(() => rig.close())

const [base, theirs, mine] = [binary(3_000), binary(3_000, 2), binary(3_000, 3)]
const isSame = (a: Uint8Array | undefined, b: Uint8Array) => a !== undefined && Buffer.compare(a, b) === 0
const onDisk = () => readFileSync(join(rig.folder, 'logo.png'))
/** As written some time ago, so that it is known to rest. */
const write = (bytes: Uint8Array) => {
  rig.write('logo.png', bytes)
  utimesSync(join(rig.folder, 'logo.png'), new Date(Date.now() - 60_000), new Date(Date.now() - 60_000))
}
const untilDeadOr = (done: () => boolean) => rig.until(() => death.state.dead || done(), 'dead or done')
const revive = () => Object.assign(death.state, { at: Infinity, dead: false })

const cases = [0, 1, 2, 3].flatMap((at) => [false, true].map((after) => ({ at, after })))

test.for(cases)(
  '[MIR-11] [MIR-90] killed at step $at (after it: $after) of writing a blob, and changed here meanwhile: both versions are there',
  async ({ at, after }) => {
    write(base)
    await rig.start()
    const id = rig.server.id('logo.png')
    Object.assign(death.state, { at, after, steps: 0 })
    rig.server.putBlob('logo.png', theirs, id)
    await untilDeadOr(() => isSame(onDisk(), theirs))
    await rig.stop()
    revive()
    write(mine)
    const mirror = await rig.start()
    await mirror.settle()
    await mirror.flush()
    expect(isSame(rig.server.blob('logo.png'), onDisk())).toBe(true)
    // Taken for a change of what was shared where that had been put in place, else for one of both sides.
    const [conflict] = mirror.state.snapshot().conflicts
    const kept = conflict ? readFileSync(join(rig.folder, `${conflict.record}.disk`)) : onDisk()
    expect(isSame(kept, mine)).toBe(true)
    if (conflict) expect(isSame(onDisk(), theirs)).toBe(true)
    await rig.stop()
    await rig.start()
    expect(readdirSync(join(rig.folder, '.tandem/tmp'))).toEqual([])
  },
)

test.for(cases.slice(0, 4))(
  '[MIR-10] [MIR-90] killed at step $at (after it: $after) of sharing a blob: it is there once',
  async ({ at, after }) => {
    write(base)
    await rig.start()
    const id = rig.server.id('logo.png')
    Object.assign(death.state, { at, after, steps: 0 })
    write(mine)
    await untilDeadOr(() => isSame(rig.server.blob('logo.png'), mine))
    await rig.stop()
    revive()
    const mirror = await rig.start()
    await mirror.settle()
    expect(isSame(rig.server.blob('logo.png'), mine)).toBe(true)
    expect(isSame(onDisk(), mine)).toBe(true)
    expect(rig.server.id('logo.png')).toBe(id)
    expect(mirror.state.snapshot().conflicts).toEqual([])
  },
)
