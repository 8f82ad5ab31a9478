import { readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { memoryServer } from '../testing/memory-workspace.ts'
import { createRig, type Rig } from '../testing/rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

// What is left when the daemon's state or the server's data is not there any more, or is an older one.

test('[MIR-16] with the daemon’s state lost and nothing changed, nothing is done', async () => {
  rig.write('a.ts', 'one\n')
  rig.write('crlf.txt', 'one\r\ntwo')
  await rig.start()
  rig.server.takeUpdates()
  const before = rig.server.files.snapshot()
  await rig.stop()
  const mirror = await rig.start({ state: 'fresh' })
  await mirror.settle()
  expect(rig.server.takeUpdates()).toEqual([])
  expect(rig.server.files.snapshot()).toEqual(before)
})

test('[MIR-17] [MIR-111] with the daemon’s state lost and the disk older, the disk follows: it has an old version, and no edit', async () => {
  rig.write('a.ts', 'one\n')
  await rig.start()
  await rig.stop()
  rig.server.edit(rig.server.id('a.ts'), 'one', 'newer')
  const mirror = await rig.start({ state: 'fresh' })
  expect([rig.read('a.ts'), rig.server.at('a.ts')]).toEqual(['newer\n', 'newer\n'])
  expect(mirror.state.snapshot().conflicts).toEqual([])
})

test('[MIR-111] of hundreds the same ones are bound, the old ones follow, and what is only on one side goes to the other', async () => {
  const paths = Array.from({ length: 250 }, (_, i) => `src/${i % 7}/file-${i}.ts`)
  for (const [i, path] of paths.entries()) rig.write(path, `text ${i}\n`)
  await rig.start()
  await rig.stop()
  for (const [i, path] of paths.entries()) if (i % 3 === 0) rig.server.edit(rig.server.id(path), 'text', 'newer')
  rig.server.create('only-there.ts', 'there\n')
  rig.write('only-here.ts', 'here\n')
  rig.server.takeUpdates()
  const mirror = await rig.start({ state: 'fresh' })
  await mirror.settle()
  expect(rig.server.takeUpdates()).toEqual([rig.server.id('only-here.ts')])
  for (const [i, path] of paths.entries())
    expect([rig.read(path), rig.server.at(path)]).toEqual(Array(2).fill(`${i % 3 === 0 ? 'newer' : 'text'} ${i}\n`))
  expect([rig.read('only-there.ts'), rig.server.at('only-here.ts')]).toEqual(['there\n', 'here\n'])
  expect(mirror.state.snapshot().conflicts).toEqual([])
  // Bound for good: what is edited now is an edit like any other.
  rig.write(paths[1] as string, 'edited\n')
  rig.server.edit(rig.server.id(paths[2] as string), 'text', 'typed')
  await mirror.settle()
  await mirror.flush()
  expect([rig.server.at(paths[1] as string), rig.read(paths[2] as string)]).toEqual(['edited\n', 'typed 2\n'])
})

const lines = (...changed: [number, string][]) =>
  Array.from({ length: 9 }, (_, i) => `${changed.find(([at]) => at === i)?.[1] ?? `line ${i}`}\n`).join('')

test('[MIR-112] with the daemon’s state lost and both edited, what git committed last is the base', async () => {
  for (const path of ['both.ts', 'disk.ts', 'there.ts']) rig.write(path, lines())
  await rig.start()
  await rig.stop()
  rig.server.edit(rig.server.id('both.ts'), 'line 7', 'typed')
  rig.write('both.ts', lines([1, 'saved']))
  rig.write('disk.ts', lines([1, 'saved']))
  const committed = { 'both.ts': lines(), 'disk.ts': lines(), 'there.ts': 'of another commit\n' }
  const mirror = await rig.start({ state: 'fresh', committed })
  await mirror.settle()
  const merged = lines([1, 'saved'], [7, 'typed'])
  expect([rig.read('both.ts'), rig.server.at('both.ts')]).toEqual([merged, merged])
  expect([rig.read('disk.ts'), rig.server.at('disk.ts')]).toEqual(Array(2).fill(lines([1, 'saved'])))
  expect([rig.read('there.ts'), rig.server.at('there.ts')]).toEqual([lines(), lines()])
  expect(mirror.state.snapshot().conflicts).toEqual([])
})

test('[MIR-18] [MIR-112] where nobody knows what they have in common, the shared text is in place and the disk’s is kept for a person', async () => {
  const paths = ['unknown.ts', 'same-line.ts', 'same-place.ts', 'latin1.txt']
  for (const path of paths) rig.write(path, lines())
  await rig.start()
  await rig.stop()
  for (const path of paths) rig.server.edit(rig.server.id(path), 'line 4', 'typed')
  for (const path of paths) rig.write(path, lines([4, 'saved']))
  const mirror = await rig.start({
    state: 'fresh',
    // The first in no commit; both changed one line; both added at one place; nothing that is a text.
    committed: { 'same-line.ts': lines(), 'same-place.ts': lines().replace('line 4\n', ''), 'latin1.txt': 'a\0b' },
  })
  await mirror.settle()
  const { conflicts } = mirror.state.snapshot()
  expect(conflicts.map(({ path, kind }) => `${path} ${kind}`).toSorted()).toEqual(
    paths.map((path) => `${path} unrelated`).toSorted(),
  )
  for (const path of paths) {
    const record = conflicts.find((each) => each.path === path)?.record
    expect([rig.read(path), rig.server.at(path)]).toEqual(Array(2).fill(lines([4, 'typed'])))
    expect(rig.read(`${record}.disk`)).toBe(lines([4, 'saved']))
    expect(rig.read(`${record}.remote`)).toBe(lines([4, 'typed']))
  }
})

test('[MIR-114] a copied folder with a copy of the daemon’s memory does not act as the original: what is missing in it is nobody’s deletion', async () => {
  for (let i = 0; i < 5; i++) rig.write(`src/${i}.ts`, `text ${i}\n`)
  await rig.start()
  await rig.stop()
  rig.copyFolder()
  unlinkSync(join(rig.folder, 'src/1.ts'))
  rig.write('src/2.ts', 'edited in the copy\n')
  rig.server.edit(rig.server.id('src/3.ts'), 'text', 'newer')
  const mirror = await rig.start()
  await mirror.settle()
  expect([rig.read('src/1.ts'), rig.server.at('src/1.ts')]).toEqual(['text 1\n', 'text 1\n'])
  expect([rig.read('src/3.ts'), rig.server.at('src/3.ts')]).toEqual(['newer 3\n', 'newer 3\n'])
  // Whose edit it was, and of what, nobody knows any more.
  expect(mirror.state.snapshot().conflicts.map(({ path, kind }) => [path, kind])).toEqual([['src/2.ts', 'unrelated']])
  await rig.stop()
  // From then on it has a memory of its own.
  unlinkSync(join(rig.folder, 'src/1.ts'))
  await (await rig.start()).settle()
  expect(rig.server.at('src/1.ts')).toBeUndefined()
})

test('[MIR-19] a server that was wiped gets the folder once more, once, and nothing on disk changes', async () => {
  const before = Array.from({ length: 30 }, (_, i) => [`src/${i}.ts`, `text ${i}\n`] as const)
  for (const [path, text] of before) rig.write(path, text)
  await rig.start()
  await rig.stop()
  rig.write('src/0.ts', 'edited while it was away\n')
  const fresh = memoryServer()
  for (const history of ['h2', 'h2']) {
    await rig.start({ server: fresh, history })
    await rig.stop()
    const { byPath } = fresh.files.snapshot()
    expect([...byPath.keys()].toSorted()).toEqual(before.map(([path]) => path).toSorted())
    for (const [path, text] of before) {
      const now = path === 'src/0.ts' ? 'edited while it was away\n' : text
      expect([fresh.at(path), rig.read(path)]).toEqual([now, now])
    }
  }
  expect(readdirSync(join(rig.folder, '.tandem/conflicts'))).toEqual([])
})

test('[MIR-61] a server restored from a backup gets back what the disk has', async () => {
  rig.write('a.ts', 'one\n')
  await rig.start()
  const id = rig.server.id('a.ts')
  const saved = rig.server.save(id)
  rig.server.edit(id, 'one\n', 'one\ntwo\n')
  await rig.until(() => rig.read('a.ts') === 'one\ntwo\n')
  await rig.stop()
  rig.server.restore(id, saved)
  expect(rig.server.text(id)).toBe('one\n')
  const mirror = await rig.start()
  await mirror.flush()
  expect(rig.read('a.ts')).toBe('one\ntwo\n')
  expect(rig.server.text(id)).toBe('one\ntwo\n')
})
