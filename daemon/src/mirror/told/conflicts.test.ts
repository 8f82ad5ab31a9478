import { mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createId, silentLog, TandemError } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createConflicts } from './conflicts.ts'
import type { Sides } from './conflict-files.ts'
import { openRoot } from '../../disk/write.ts'
import { createRig, type Rig } from '../testing/rig.ts'

let rig: Rig
beforeEach(() => (rig = createRig()))
afterEach(() => rig.close())

const patience = { timeout: 20_000 }
const day = 24 * 3_600_000
const start = Date.parse('2026-11-21T12:00:00Z')
const names = (): string[] => readdirSync(join(rig.folder, '.tandem/conflicts')).toSorted()

/** Conflicts alone, over the rig's folder. */
async function openAlone({ clock = fakeClock(start), refusing = false, maxBlobBytes = 1_000 } = {}) {
  const put: string[] = []
  const conflicts = createConflicts({
    root: await openRoot(rig.folder),
    blobs: {
      put: async ({ hash, size }, read) => {
        if (refusing) throw new TandemError('too-large')
        expect((await read(0, 1_000)).length).toBe(size)
        put.push(hash)
      },
    },
    maxBlobBytes,
    clock,
    log: silentLog,
    changed: () => {},
    signal: new AbortController().signal,
  })
  await conflicts.open()
  return { conflicts, put, clock }
}
const sides: Sides = { base: 'one\n', disk: 'disk\n', remote: 'remote\n', merged: 'both\n' }

test('[MIR-120] a conflict on both sides outlives the daemon, with all sides where anybody can compare them', async () => {
  rig.write('a.ts', 'one\n')
  await rig.start()
  const id = rig.server.id('a.ts')
  await rig.stop()
  rig.server.edit(id, 'one', 'typed')
  rig.write('a.ts', 'disk\n')
  const first = await rig.start()
  await rig.until(() => Object.keys(first.state.snapshot().conflicts[0]?.sides ?? {}).length === 4)
  const [told] = first.state.snapshot().conflicts
  expect(told).toMatchObject({ kind: 'lines', path: 'a.ts', file: id })
  const { blobs } = rig.server.join()
  const shown: Record<string, string> = {}
  for (const [name, side] of Object.entries(told?.sides ?? {})) {
    if (!side) continue
    shown[name] = ''
    for await (const piece of blobs.get(side.blob, 0, AbortSignal.timeout(10_000)))
      shown[name] += Buffer.from(piece).toString()
  }
  expect(shown).toEqual({ base: 'one\n', disk: 'disk\n', remote: 'typed\n', merged: rig.read('a.ts') })
  await rig.stop()

  const second = await rig.start()
  expect(second.state.snapshot().conflicts).toEqual([told])
  second.answer(createId(), 'dismiss')
  expect(second.state.snapshot().conflicts).toEqual([told])
  second.answer(told?.id ?? '', 'dismiss')
  expect(second.state.snapshot().conflicts).toEqual([])
  expect(rig.read(`${told?.record}.disk`)).toBe('disk\n')
  await rig.until(() => rig.read(`${told?.record}.json`).includes('dismissedAt'))
  await rig.stop()
  expect((await rig.start()).state.snapshot().conflicts).toEqual([])
})

test('[MIR-120] the same sides of the same file are one conflict, also when told at once, and after a restart', async () => {
  const { conflicts, clock } = await openAlone()
  const file = createId()
  await Promise.all([
    conflicts.record('a.ts', sides, { kind: 'lines', file }),
    conflicts.record('renamed.ts', sides, { kind: 'lines', file }),
  ])
  expect(conflicts.list()).toHaveLength(1)
  await conflicts.record('a.ts', { ...sides, disk: 'another\n' }, { kind: 'lines', file })
  expect(conflicts.list()).toHaveLength(2)
  const again = (await openAlone({ clock })).conflicts
  const ids = (of: typeof again) =>
    of
      .list()
      .map(({ id }) => id)
      .toSorted()
  expect(ids(again)).toEqual(ids(conflicts))
  await again.record('a.ts', sides, { kind: 'lines', file })
  expect(again.list()).toHaveLength(2)
})

test('[MIR-120] what lies there is for the owner alone; a side may be a file that is moved', async () => {
  const { conflicts } = await openAlone()
  writeFileSync(join(rig.folder, '.tandem/tmp/c-1'), 'large', { mode: 0o644 })
  const name = `${'long'.repeat(60)}.ts`
  await conflicts.record(`dir/${name}`, { disk: { file: '.tandem/tmp/c-1' } }, { kind: 'blob' })
  const [disk = '', json = ''] = names()
  expect([disk, json].map((each) => each.slice(each.lastIndexOf('.')))).toEqual(['.disk', '.json'])
  for (const each of names()) expect(statSync(join(rig.folder, '.tandem/conflicts', each)).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(rig.folder, '.tandem/tmp'))).toEqual([])
  expect(conflicts.list()[0]?.path).toBe(`dir/${name}`)
})

test('[MIR-120] where it cannot be kept whole nothing of it is left, and who asked is told', async () => {
  const { conflicts } = await openAlone()
  writeFileSync(join(rig.folder, '.tandem/own'), 'large')
  // What is noted last goes through the staging area, which is gone.
  rmSync(join(rig.folder, '.tandem/tmp'), { recursive: true })
  writeFileSync(join(rig.folder, '.tandem/tmp'), 'in the way')
  const both: Sides = { base: 'one\n', disk: { file: '.tandem/own' } }
  await expect(conflicts.record('a.ts', both)).rejects.toThrow('ENOTDIR')
  expect(names()).toEqual([])
  expect(conflicts.list()).toEqual([])
  expect(rig.read('.tandem/own')).toBe('large')
})

test('[MIR-120] the newest 200 are shown; what cannot be read, or is a link, is left alone', async () => {
  mkdirSync(join(rig.folder, '.tandem/conflicts'), { recursive: true })
  for (let i = 0; i < 205; i++) {
    const record = { id: createId(), kind: 'lines', path: `${i}.ts`, at: start + i, sides: {} }
    writeFileSync(join(rig.folder, `.tandem/conflicts/2026-${1_000 + i}-${i}.ts.json`), JSON.stringify(record))
  }
  writeFileSync(join(rig.folder, '.tandem/conflicts/9999-torn.json'), '{"v":1')
  writeFileSync(join(rig.folder, 'outside.json'), '{}')
  symlinkSync(join(rig.folder, 'outside.json'), join(rig.folder, '.tandem/conflicts/9998-link.json'))
  const { conflicts } = await openAlone()
  expect(conflicts.list()).toHaveLength(200)
  expect([conflicts.list()[0]?.path, conflicts.list().at(-1)?.path]).toEqual(['5.ts', '204.ts'])
  expect(names()).toContain('9999-torn.json')
})

test('[MIR-121] a side that is too large or refused is on disk alone, and never read through a link', async () => {
  const { conflicts, put } = await openAlone({ maxBlobBytes: 4 })
  await conflicts.record('a.ts', { base: 'one\n', disk: 'large\n' })
  await expect.poll(() => conflicts.list()[0]?.sides, patience).toEqual({ base: expect.objectContaining({ size: 4 }) })
  expect(put).toHaveLength(1)

  const refused = await openAlone({ refusing: true })
  await refused.conflicts.record('b.ts', sides)
  expect(refused.conflicts.list().at(-1)?.sides).toEqual({})

  // What a clone may bring along: a record whose side leads out of the folder.
  const brought = {
    id: createId(),
    kind: 'lines',
    path: 'c.ts',
    at: start,
    sides: { disk: { blob: 'a'.repeat(64), size: 6 } },
  }
  mkdirSync(join(rig.folder, '.tandem/conflicts'), { recursive: true })
  writeFileSync(join(rig.folder, 'secret'), 'secret')
  writeFileSync(join(rig.folder, '.tandem/conflicts/x.json'), JSON.stringify(brought))
  symlinkSync(join(rig.folder, 'secret'), join(rig.folder, '.tandem/conflicts/x.disk'))
  const third = await openAlone()
  await third.conflicts.record('d.ts', { disk: 'd\n' })
  await expect.poll(() => third.put.length, patience).toBeGreaterThanOrEqual(1)
  expect(third.put).not.toContain('a'.repeat(64))
  expect(third.conflicts.list().find(({ path }) => path === 'c.ts')?.sides).toEqual({})
})

test('[MIR-121] what was dismissed is taken away after 30 days, and nothing else', async () => {
  const clock = fakeClock(start)
  const { conflicts } = await openAlone({ clock })
  await conflicts.record('a.ts', sides)
  await conflicts.record('b.ts', sides)
  clock.advance(10 * day)
  const [a] = conflicts.list()
  expect(conflicts.dismiss(a?.id ?? '')).toBe(true)
  expect(conflicts.dismiss(a?.id ?? '')).toBe(false)
  await expect.poll(() => rig.read(`${a?.record}.json`), patience).toContain('dismissedAt')
  clock.advance(29 * day)
  await openAlone({ clock })
  expect(names()).toHaveLength(10)
  clock.advance(2 * day)
  const { conflicts: left } = await openAlone({ clock })
  expect(names()).toHaveLength(5)
  expect(left.list().map(({ path }) => path)).toEqual(['b.ts'])
})
