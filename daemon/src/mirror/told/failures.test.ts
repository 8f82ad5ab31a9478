import { join } from 'node:path'
import { unlinkSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { binary } from '../testing/binary.ts'
import { createRig, type Rig } from '../testing/rig.ts'

// The system’s refusals, which root does not meet and no test should need a full disk for.
const disk = vi.hoisted(() => ({ refuses: undefined as string | undefined, unreadable: new Set<string>() }))
const refusal = vi.hoisted(() => (code: string) => Object.assign(new Error(`${code}: refused`), { code }))
vi.mock('../../disk/write.ts', async (original) => {
  const real = await original<typeof import('../../disk/write.ts')>()
  const check = () => {
    if (disk.refuses !== undefined) throw refusal(disk.refuses)
  }
  return {
    ...real,
    stage: async (...args: Parameters<typeof real.stage>) => (check(), real.stage(...args)),
    finish: async (...args: Parameters<typeof real.finish>) => (check(), real.finish(...args)),
  }
})
vi.mock('../../disk/inside.ts', async (original) => {
  const real = await original<typeof import('../../disk/inside.ts')>()
  return {
    ...real,
    openInside: (...args: Parameters<typeof real.openInside>) => {
      if (disk.unreadable.has(args[1])) throw refusal('EACCES')
      return real.openInside(...args)
    },
  }
})
vi.mock('../../disk/read.ts', async (original) => {
  const real = await original<typeof import('../../disk/read.ts')>()
  return {
    ...real,
    readStable: async (...args: Parameters<typeof real.readStable>) =>
      disk.unreadable.has(args[1]) ? 'unreadable' : real.readStable(...args),
  }
})

let rig: Rig
beforeEach(() => {
  rig = createRig()
  disk.refuses = undefined
  disk.unreadable.clear()
})
afterEach(() => rig.close())

test('[MIR-144] what is to have the place of a file that cannot be taken away is waited for by nobody, and comes once it can', async () => {
  const { server } = rig
  const id = server.create('a.ts', 'old\n')
  await rig.start()
  await rig.stop()
  disk.unreadable.add('a.ts')
  server.files.remove(id, { by: id, at: 1 })
  server.create('a.ts', 'new\n')
  const mirror = await rig.start()
  expect(mirror.state.snapshot().phase).toBe('live')
  expect(await mirror.flush()).toContain('a.ts')
  disk.unreadable.clear()
  await rig.until(() => rig.disk('a.ts') === 'new\n')
})

test.for([
  ['ENOSPC', 'the disk is full'],
  ['EROFS', 'read-only'],
  ['EACCES', 'permission'],
])('[MIR-53] %s while writing: tried again, told, and forgotten once it works', async ([code = '', says]) => {
  rig.write('a.ts', 'one\n')
  const mirror = await rig.start()
  disk.refuses = code
  rig.server.edit(rig.server.id('a.ts'), 'one', 'typed')
  rig.server.putBlob('logo.png', binary(1_000))
  const alerts = () => mirror.state.snapshot().alerts
  await rig.until(() => alerts().length === 2, 'told')
  expect(
    alerts()
      .map(({ kind, path }) => `${kind} ${path}`)
      .toSorted(),
  ).toEqual(['unwritable a.ts', 'unwritable logo.png'])
  expect(alerts()[0]?.says).toContain(says)
  expect(rig.read('a.ts')).toBe('one\n')
  // What is written here meanwhile is merged, not lost: the shadow did not move.
  rig.write('a.ts', 'one\ntwo\n')
  disk.refuses = undefined
  await rig.until(() => rig.read('a.ts') === 'typed\ntwo\n' && rig.server.at('a.ts') === 'typed\ntwo\n', 'merged')
  await rig.until(() => alerts().length === 0, 'passed')
  expect(mirror.state.snapshot().conflicts).toEqual([])
})

test('[MIR-97] a file that cannot be read is told, not deleted, and gets what changed meanwhile once it can be read', async () => {
  rig.write('a.ts', 'one\n')
  rig.write('b.png', binary(1_000))
  rig.write('c.ts', 'c\n')
  const mirror = await rig.start()
  const alerts = () => mirror.state.snapshot().alerts
  for (const path of ['a.ts', 'b.png']) disk.unreadable.add(path)
  rig.server.edit(rig.server.id('a.ts'), 'one', 'typed')
  rig.server.putBlob('b.png', binary(1_000, 2), rig.server.id('b.png'))
  await rig.until(() => alerts().length === 2, 'told')
  expect(
    alerts()
      .map(({ kind, path }) => `${kind} ${path}`)
      .toSorted(),
  ).toEqual(['unreadable a.ts', 'unreadable b.png'])
  expect(rig.read('a.ts')).toBe('one\n')
  // Deleted elsewhere: nobody knows whether it was edited here.
  rig.server.files.remove(rig.server.id('c.ts'), { by: rig.server.id('c.ts'), at: 1 })
  disk.unreadable.add('c.ts')
  disk.unreadable.delete('a.ts')
  disk.unreadable.delete('b.png')
  await rig.until(() => rig.read('a.ts') === 'typed\n', 'written')
  disk.unreadable.clear()
  await rig.until(() => rig.disk('c.ts') === undefined, 'deleted')
  await rig.until(() => alerts().length === 0, 'passed')
})

test('[MIR-97] a new file that cannot be read is told, and shared once it can be', async () => {
  const mirror = await rig.start()
  disk.unreadable.add('a.ts')
  writeFileSync(join(rig.folder, 'a.ts'), 'one\n')
  await rig.until(() =>
    mirror.state.snapshot().alerts.some(({ kind, path }) => kind === 'unreadable' && path === 'a.ts'),
  )
  disk.unreadable.clear()
  await rig.until(() => rig.server.at('a.ts') === 'one\n')
  await rig.until(() => mirror.state.snapshot().alerts.length === 0)
  disk.unreadable.add('b.ts')
  writeFileSync(join(rig.folder, 'b.ts'), 'one\n')
  await rig.until(() => mirror.state.snapshot().alerts.length === 1)
  unlinkSync(join(rig.folder, 'b.ts'))
  await rig.until(() => mirror.state.snapshot().alerts.length === 0)
})

test('[MIR-128] [MIR-58] a file that cannot be read holds no task back, and is named', async () => {
  rig.write('a.ts', 'one\n')
  const mirror = await rig.start()
  disk.unreadable.add('a.ts')
  rig.write('a.ts', 'two\n')
  expect(await mirror.settle()).toEqual(['a.ts'])
  disk.unreadable.clear()
  await rig.until(() => rig.server.at('a.ts') === 'two\n')
  expect(await mirror.settle()).toEqual([])
})
