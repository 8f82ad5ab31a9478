import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createIgnore } from '../watch/ignore.ts'
import { startHere } from '../watch/watch-host.ts'
import { openWatch, type WatchOptions } from '../watch/watch.ts'
import { createNoticing } from './noticing.ts'
import { createRig, type Rig } from './testing/rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

test('[S181] [S182] a file made, changed, renamed and deleted on disk is so in the index, and whoever follows it is told', async () => {
  rig.write('keep.ts', 'keep\n')
  await rig.start()
  const told: string[] = []
  const stop = rig.server.files.subscribe(() => told.push([...rig.server.files.snapshot().byPath.keys()].join(' ')))
  rig.write('a.ts', 'one\n')
  await rig.until(() => rig.server.at('a.ts') === 'one\n')
  const id = rig.server.id('a.ts')
  rig.write('a.ts', 'two\n')
  await rig.until(() => rig.server.text(id) === 'two\n')
  renameSync(join(rig.folder, 'a.ts'), join(rig.folder, 'b.ts'))
  await rig.until(() => rig.server.at('b.ts') === 'two\n')
  expect(rig.server.id('b.ts')).toBe(id)
  unlinkSync(join(rig.folder, 'b.ts'))
  await rig.until(() => rig.server.at('b.ts') === undefined)
  stop()
  const after = (path: string) => told.findIndex((paths) => paths.split(' ').includes(path))
  expect(after('a.ts')).toBeGreaterThan(-1)
  expect(after('b.ts')).toBeGreaterThan(after('a.ts'))
  expect(told.at(-1)).toBe('keep.ts')
})

test('[MIR-40] an installation of thousands of files reaches no document', async () => {
  rig.write('package.json', '{}\n')
  const mirror = await rig.start()
  await mirror.settle()
  const before = [...rig.server.files.snapshot().byPath.keys()]
  rig.server.takeUpdates()
  for (let i = 0; i < 1_500; i++) rig.write(`node_modules/p${i % 50}/lib/f${i}.js`, `${i}\n`)
  mkdirSync(join(rig.folder, 'node_modules/.bin'))
  rig.write('package.json', '{ "installed": true }\n')
  await rig.until(() => rig.server.at('package.json')?.includes('installed') === true)
  await mirror.settle()
  expect([...rig.server.files.snapshot().byPath.keys()]).toEqual(before)
  expect(new Set(rig.server.takeUpdates())).toEqual(new Set([rig.server.id('package.json')]))
  expect(mirror.state.snapshot().hidden).toContainEqual({ reason: 'node_modules', count: 1 })
})

test('[MIR-42] without watches everything is looked at again and again, people are told, and told when it has passed', async () => {
  let options: WatchOptions | undefined
  let isLimited = true
  rig.write('a.ts', 'one\n')
  const mirror = await rig.start({
    openWatch: (given) => {
      options = given
      return { add: () => {}, scanned: () => {}, complete: () => !isLimited, close: async () => {} }
    },
  })
  options?.onState({ kind: 'limit', reason: '3 directories are watched, 2 are not' })
  expect(mirror.state.snapshot().watcher).toBe('polling')
  const [alert] = mirror.state.snapshot().alerts
  expect(alert).toMatchObject({ kind: 'watch-limit', says: expect.stringContaining('3 directories are watched') })
  expect(alert?.fix).toBeDefined()
  rig.write('a.ts', 'two\n')
  await rig.until(() => rig.server.at('a.ts') === 'two\n')
  isLimited = false
  options?.onState(undefined)
  expect(mirror.state.snapshot()).toMatchObject({ watcher: 'directories', alerts: [] })
})

test('[MIR-43] a queue of the system that runs over loses events, and all is in nevertheless', async () => {
  const count = 700
  for (let i = 0; i < count; i++) rig.write(`src/f${i}.ts`, `${i}\n`)
  let hints = 0
  const mirror = await rig.start({
    // In this thread, which is blocked while it happens.
    openWatch: (given) =>
      openWatch({ ...given, onTold: (told) => ((hints += told.paths.length), given.onTold(told)) }, startHere),
  })
  await rig.until(() => mirror.state.snapshot().watcher === 'directories')
  const path = (i: number) => join(rig.folder, `src/f${i}.ts`)
  // More than the 16,384 that the system keeps; what happens last is what it cannot tell.
  for (let round = 0; round < 24; round++)
    for (let i = 0; i < count; i++) chmodSync(path(i), round % 2 === 0 ? 0o600 : 0o644)
  for (let i = 0; i < count; i++) writeFileSync(path(i), `${i} anew\n`)
  rig.write('last.ts', 'last\n')
  await rig.until(() => rig.server.at('last.ts') === 'last\n')
  const ids = Array.from({ length: count }, (_, i) => rig.server.id(`src/f${i}.ts`))
  let next = 0
  await rig.until(() => {
    while (next < count && rig.server.text(ids[next] ?? '') === `${next} anew\n`) next++
    return next === count
  })
  expect(hints).toBeLessThan(count)
})

test('[MIR-74] what an ignore file no longer leaves out is shared at once; what was shared stays', async () => {
  rig.write('.gitignore', '*.log\n')
  rig.write('a.log', 'log\n')
  rig.write('b.txt', 'text\n')
  rig.write('dist/out.js', 'out\n')
  execFileSync('git', ['init', '-q'], { cwd: rig.folder })
  const mirror = await rig.start()
  expect([...rig.server.files.snapshot().byPath.keys()].toSorted()).toEqual(['.gitignore', 'b.txt'])

  rig.write('.gitignore', '')
  await rig.until(() => rig.server.at('a.log') === 'log\n')
  rig.write('.tandemignore', '!dist\n')
  await rig.until(() => rig.server.at('dist/out.js') === 'out\n')
  rig.write('.git/info/exclude', '*.txt\n')
  rig.write('.gitignore', '*.log\n')
  // A look that began before may bring the file in; after this one the rules are read too.
  await mirror.settle()
  expect(rig.server.at('.gitignore')).toBe('*.log\n')
  rig.write('new.txt', 'new\n')
  rig.write('new.log', 'new\n')
  rig.write('b.txt', 'text, still shared\n')
  rig.write('a.log', 'log, still shared\n')
  await rig.until(() => rig.server.at('b.txt') === 'text, still shared\n')
  await rig.until(() => rig.server.at('a.log') === 'log, still shared\n')
  expect([rig.server.at('new.txt'), rig.server.at('new.log')]).toEqual([undefined, undefined])

  rig.write('.git/info/exclude', '')
  await rig.until(() => rig.server.at('new.txt') === 'new\n')
})

test('[MIR-60] [MIR-75] a folder that takes long to look at is looked at more seldom', async () => {
  const clock = fakeClock()
  const noticing = createNoticing({
    root: rig.folder,
    ignore: createIgnore(rig.folder),
    watcher: 'directories',
    openWatch: () => ({ add: () => {}, scanned: () => {}, complete: () => true, close: async () => {} }),
    report: { alert: () => {}, clear: () => {}, watcher: () => {} },
    clock,
    log: silentLog,
    signal: new AbortController().signal,
    pause: async () => {},
    onHints: () => {},
    onGap: () => {},
  })
  const restMs = (tookMs: number) => {
    noticing.scanned(tookMs)
    let ms = 0
    for (; !noticing.isScanDue(); ms += 1_000) clock.advance(1_000)
    return ms
  }
  expect(restMs(200)).toBe(60_000)
  expect(restMs(5_000)).toBe(500_000)
})
