import { appendFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRig, type Rig } from './testing/rig.ts'

// A process that dies between two steps: every step that leaves a trace is counted, and from the chosen one on nothing
// is done any more. What then starts anew finds just what a killed process would have left.
const death = vi.hoisted(() => {
  const state = { at: Infinity, after: false, steps: 0, dead: false }
  const step = <A extends unknown[], R>(name: string, work: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (state.dead) throw new Error('dead')
      const isLast = state.steps++ === state.at
      if (isLast) state.dead = true
      if (isLast && !state.after) throw new Error(`died before ${name}`)
      const result = await work(...args)
      if (isLast) throw new Error(`died after ${name}`)
      return result
    }
  }
  const stepNow = <A extends unknown[], R>(name: string, work: (...args: A) => R) => {
    return (...args: A): R => {
      if (state.dead) throw new Error('dead')
      const isLast = state.steps++ === state.at
      if (isLast) state.dead = true
      if (isLast && !state.after) throw new Error(`died before ${name}`)
      const result = work(...args)
      if (isLast) throw new Error(`died after ${name}`)
      return result
    }
  }
  return { state, step, stepNow }
})
vi.mock('./memory/shadow.ts', async (original) => {
  const real = await original<typeof import('./memory/shadow.ts')>()
  return {
    ...real,
    openShadows: async (dir: string) => {
      const shadows = await real.openShadows(dir)
      const { step } = death
      return {
        ...shadows,
        put: step('put', shadows.put),
        writeAhead: step('writeAhead', shadows.writeAhead),
        intend: step('intend', shadows.intend),
        advance: step('advance', shadows.advance),
        drop: step('drop', shadows.drop),
        release: step('release', shadows.release),
      }
    },
  }
})
vi.mock('../disk/write.ts', async (original) => {
  const real = await original<typeof import('../disk/write.ts')>()
  const { step } = death
  return {
    ...real,
    stage: step('stage', real.stage),
    placeNew: step('placeNew', real.placeNew),
    takeOut: step('takeOut', real.takeOut),
  }
})
vi.mock('../disk/replace.ts', async (original) => {
  const real = await original<typeof import('../disk/replace.ts')>()
  const placeOver = (...args: Parameters<typeof real.placeOver>) => {
    window.open?.()
    return real.placeOver(...args)
  }
  return { ...real, placeOver: death.stepNow('placeOver', placeOver) }
})
/** What somebody does in the moment between the last look and the rename. */
const window: { open?: (() => unknown) | undefined } = {}

let rig: Rig
beforeEach(() => {
  rig = createRig()
  Object.assign(death.state, { at: Infinity, after: false, steps: 0, dead: false })
  window.open = undefined
})
afterEach(() => rig.close())

const revive = () => Object.assign(death.state, { at: Infinity, dead: false })
/** Lets the mirror die at a step, or come to rest before it. */
const untilDeadOr = (done: () => boolean) => rig.until(() => death.state.dead || done(), 'dead or done')

const cases = Array.from({ length: 8 }, (_, at) => [false, true].map((after) => ({ at, after }))).flat()

test.for(cases)(
  '[MIR-10] [MIR-11] killed at step $at (after it: $after) of import and export: nothing lost, nothing doubled',
  async ({ at, after }) => {
    rig.write('a.ts', '1\n2\n3\n4\n')
    await rig.start()
    const id = rig.server.id('a.ts')
    Object.assign(death.state, { at, after, steps: 0 })
    rig.write('a.ts', '1 disk\n2\n3\n4\n')
    rig.server.edit(id, '4', '4 typed')
    const both = '1 disk\n2\n3\n4 typed\n'
    await untilDeadOr(() => rig.read('a.ts') === both && rig.server.text(id) === both)
    await rig.stop()
    // While it is dead, life goes on.
    appendFileSync(join(rig.folder, 'a.ts'), 'late disk\n')
    rig.server.edit(id, '2\n', '2\nlate typed\n')
    revive()
    const mirror = await rig.start()
    await mirror.settle()
    await mirror.flush()
    expect(rig.read('a.ts')).toBe(rig.server.text(id))
    expect(rig.read('a.ts').split('\n').filter(Boolean).toSorted()).toEqual([
      '1 disk',
      '2',
      '3',
      '4 typed',
      'late disk',
      'late typed',
    ])
    expect(mirror.state.snapshot().conflicts).toEqual([])
  },
)

test.for(cases.slice(0, 8))(
  '[MIR-11] killed at step $at (after it: $after) of a first sharing: every file once',
  async ({ at, after }) => {
    for (let i = 0; i < 5; i++) rig.write(`f${i}.ts`, `${i}\n`)
    Object.assign(death.state, { at, after })
    const mirror0 = await rig.start().catch(() => undefined)
    mirror0?.closed.catch(() => {})
    await untilDeadOr(() => rig.server.files.snapshot().byPath.size === 5)
    await rig.stop()
    revive()
    const mirror = await rig.start()
    await mirror.settle()
    expect(
      [...rig.server.files.snapshot().byId.values()]
        .filter((e) => !e.deleted)
        .map((e) => e.path)
        .toSorted(),
    ).toEqual(['f0.ts', 'f1.ts', 'f2.ts', 'f3.ts', 'f4.ts'])
    for (let i = 0; i < 5; i++) expect(rig.server.at(`f${i}.ts`)).toBe(`${i}\n`)
  },
)

test.for(cases.slice(0, 8))(
  '[LOG-97] [MIR-10] [MIR-107] killed at step $at (after it: $after) of an import of many at once: nothing lost, nothing doubled',
  async ({ at, after }) => {
    const paths = Array.from({ length: 40 }, (_, i) => `f${i}.ts`)
    for (const path of paths) rig.write(path, '1\n2\n3\n4\n')
    await rig.start()
    const ids = paths.map((path) => rig.server.id(path))
    await rig.stop()
    // Apart, both sides changed.
    for (const path of paths) rig.write(path, '1 disk\n2\n3\n4\n')
    for (const id of ids.slice(0, 20)) rig.server.edit(id, '4', '4 typed')
    rig.server.takeUpdates()
    Object.assign(death.state, { at, after, steps: 0 })
    const mirror0 = await rig.start().catch(() => undefined)
    mirror0?.closed.catch(() => {})
    await untilDeadOr(() => ids.every((id) => rig.server.text(id).includes('disk')))
    await rig.stop()
    for (const path of paths) appendFileSync(join(rig.folder, path), 'late disk\n')
    for (const id of ids) rig.server.edit(id, '2\n', '2\nlate typed\n')
    revive()
    const mirror = await rig.start()
    await mirror.settle()
    await mirror.flush()
    for (const [i, path] of paths.entries()) {
      const lines = ['1 disk', '2', '3', i < 20 ? '4 typed' : '4', 'late disk', 'late typed']
      expect(rig.read(path)).toBe(rig.server.text(ids[i] ?? ''))
      expect(rig.read(path).split('\n').filter(Boolean).toSorted()).toEqual(lines)
    }
    expect(mirror.state.snapshot().conflicts).toEqual([])
  },
)

test('[MIR-12] a torn temporary file is nobody’s, and goes', async () => {
  rig.write('a.ts', 'one\n')
  await rig.start()
  await rig.stop()
  writeFileSync(join(rig.folder, '.tandem/tmp/w-torn'), 'ha')
  await rig.start()
  expect(readdirSync(join(rig.folder, '.tandem/tmp'))).toEqual([])
  expect(rig.server.files.snapshot().byId.size).toBe(1)
})

test('[MIR-54] a save that lands between the last look and the rename is merged', async () => {
  rig.write('a.ts', '1\n2\n3\n')
  const mirror = await rig.start()
  const id = rig.server.id('a.ts')
  // Opened before the exchange, written after it: as slow editors and build tools do.
  const { openSync, writeSync, closeSync } = await import('node:fs')
  let fd = 0
  window.open = () => {
    window.open = undefined
    fd = openSync(join(rig.folder, 'a.ts'), 'a')
  }
  rig.server.edit(id, '1', '1 typed')
  await rig.until(() => rig.read('a.ts') === '1 typed\n2\n3\n')
  writeSync(fd, 'late\n')
  closeSync(fd)
  await rig.until(() => rig.server.text(id) === '1 typed\n2\n3\nlate\n' && rig.read('a.ts') === '1 typed\n2\n3\nlate\n')
  expect(mirror.state.snapshot().conflicts).toEqual([])
})

test('[MIR-54] a save in the very moment of the look is seen, and nothing is replaced', async () => {
  rig.write('a.ts', '1\n2\n3\n')
  await rig.start()
  const id = rig.server.id('a.ts')
  window.open = () => {
    window.open = undefined
    rig.write('a.ts', '1\n2\n3 disk\n')
  }
  rig.server.edit(id, '1', '1 typed')
  await rig.until(() => rig.server.text(id) === '1 typed\n2\n3 disk\n' && rig.read('a.ts') === '1 typed\n2\n3 disk\n')
})
