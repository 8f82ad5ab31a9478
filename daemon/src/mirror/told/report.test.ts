import { silentLog } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createAlerts } from './alerts.ts'
import type { Mirror } from '../mirror.ts'
import { createReport } from './report.ts'
import { createRig, type Rig } from '../testing/rig.ts'

let rig: Rig
beforeEach(() => (rig = createRig()))
afterEach(() => rig.close())

const open = () => createReport({ files: () => 0, conflicts: () => [], clock: fakeClock(5), log: silentLog })

test('[MIR-122] progress adds up until all is at rest, and only grows', () => {
  const report = open()
  const told: (readonly (string | number | undefined)[])[] = []
  const look = () => {
    const { phase, done, total } = report.state.snapshot()
    told.push([phase, done, total])
  }
  report.scanning()
  look()
  const shared = report.begin('seeding', 100)
  look()
  shared(60)
  const more = report.begin('seeding', 10)
  look()
  more(10)
  shared(100)
  look()
  report.begin('exporting', 0)
  report.begin('exporting', 7)(3)
  look()
  report.rest()
  look()
  expect(told).toEqual([
    ['scanning', undefined, undefined],
    ['seeding', 0, 100],
    ['seeding', 60, 110],
    ['seeding', 110, 110],
    ['exporting', 3, 7],
    ['live', undefined, undefined],
  ])
})

test('[MIR-122] after the first time a little work is not shown, and a bulk is', () => {
  const report = open()
  report.rest()
  report.begin('importing', 50)(10)
  expect(report.state.snapshot()).toMatchObject({ phase: 'live' })
  const rest = report.begin('importing', 20)
  expect(report.state.snapshot()).toMatchObject({ phase: 'importing', done: 10, total: 70 })
  expect(report.isLive()).toBe(true)
  rest(20)
  report.rest()
  report.begin('importing', 50)
  expect(report.state.snapshot().phase).toBe('live')
})

/** Every word of the mirror's progress from now on. */
function listen({ state }: Mirror): { phase: string; done: number | undefined; total: number | undefined }[] {
  const told: ReturnType<typeof listen> = []
  state.subscribe(() =>
    queueMicrotask(() => {
      const { phase, done, total } = state.snapshot()
      const last = told.at(-1)
      if (last?.phase !== phase || last.done !== done || last.total !== total) told.push({ phase, done, total })
    }),
  )
  return told
}

test('[MIR-122] many files changed here, and after a cut there, are told as they come in and go out; few are not', async () => {
  for (let i = 0; i < 300; i++) rig.write(`f${i}.ts`, `${i}\n`)
  const mirror = await rig.start({ watching: false })
  const told = listen(mirror)
  for (let i = 0; i < 5; i++) rig.write(`f${i}.ts`, `few ${i}\n`)
  await mirror.settle()
  expect(new Set(told.map(({ phase }) => phase))).toEqual(new Set(['live']))

  for (let i = 0; i < 300; i++) rig.write(`f${i}.ts`, `many ${i}\n`)
  await mirror.settle()
  const here = told.filter(({ phase }) => phase === 'importing')
  expect(here.at(-1)).toEqual({ phase: 'importing', done: 300, total: 300 })
  expect(told.at(-1)).toEqual({ phase: 'live', done: undefined, total: undefined })

  rig.server.online(false)
  for (let i = 0; i < 300; i++) rig.server.edit(rig.server.id(`f${i}.ts`), 'many', 'typed')
  rig.server.online(true)
  await rig.until(() => rig.disk('f299.ts') === 'typed 299\n' && mirror.state.snapshot().phase === 'live')
  expect(told.map(({ phase }) => phase)).toContain('exporting')
  for (const [i, { phase, done = 0, total = 0 }] of told.entries()) {
    const before = told[i - 1]
    if (phase !== before?.phase) continue
    expect(done).toBeGreaterThanOrEqual(before.done ?? 0)
    expect(total).toBeGreaterThanOrEqual(before.total ?? 0)
  }
})

test('[MIR-127] repeats of an alert are one, which changes nothing, until it has passed', () => {
  let changes = 0
  const clock = fakeClock(5)
  const alerts = createAlerts(clock, () => changes++)
  const alert = { kind: 'unwritable' as const, path: 'a.ts', says: 'a.ts cannot be written: the disk is full.' }
  for (let i = 0; i < 1_000; i++) alerts.raise(alert)
  expect([alerts.list(), changes]).toEqual([[{ ...alert, at: 5 }], 1])
  clock.advance(10)
  alerts.raise({ ...alert, says: 'a.ts cannot be written: permission is denied.' })
  expect(alerts.list()).toEqual([{ ...alert, says: 'a.ts cannot be written: permission is denied.', at: 5 }])
  alerts.clear('unwritable', 'b.ts')
  expect(changes).toBe(2)
  alerts.clear('unwritable', 'a.ts')
  expect(alerts.list()).toEqual([])
})

test('[MIR-127] of a flood fifty alerts are told, and a count in words; all of a kind pass at once', () => {
  const alerts = createAlerts(fakeClock(), () => {})
  alerts.raise({ kind: 'watch-limit', says: 'no more directories can be watched' })
  for (let i = 0; i < 70; i++) alerts.raise({ kind: 'clash', path: `${i}`, says: 'clash' })
  expect(alerts.list()).toHaveLength(51)
  expect(alerts.list().at(-1)?.says).toBe('And 21 more of the kind; the log names them.')
  for (let i = 70; i < 5_000; i++) alerts.raise({ kind: 'clash', path: `${i}`, says: 'clash' })
  expect(alerts.list().at(-1)?.says).toBe('And more than 950 more of the kind; the log names them.')
  alerts.clear('clash')
  expect(alerts.list().map(({ kind }) => kind)).toEqual(['watch-limit'])
})
