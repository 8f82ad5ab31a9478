import { createId } from '@tandem/shared'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRig, type Rig } from './testing/rig.ts'

let rigs: [Rig, Rig]
beforeEach(() => {
  rigs = [createRig(), createRig()]
})
afterEach(async () => {
  for (const rig of rigs) await rig.close()
})

// Two folders of one workspace; the first rig's server is the server of both.

const startBoth = () => Promise.all(rigs.map((rig) => rig.start({ server: rigs[0].server, shared: true })))
const onBoth = (path: string, content: string) => {
  for (const rig of rigs) rig.write(path, content)
}
const everywhere = (path: string) => [rigs[0].server.at(path), ...rigs.map((rig) => rig.disk(path))]
/** Until all three say this; nothing of it comes from a barrier, which knows one mirror alone. */
const untilAll = (path: string, text: string | undefined) =>
  rigs[0].until(() => everywhere(path).every((each) => each === text), `${path} is everywhere what it should be`)
const entriesAt = (path: string) =>
  [...rigs[0].server.files.snapshot().byId.values()].filter((entry) => entry.path === path && !entry.deleted)
const lines = (...changed: [number, string][]) =>
  Array.from({ length: 20 }, (_, i) => `${changed.find(([at]) => at === i)?.[1] ?? `line ${i}`}\n`).join('')

test('[MIR-22] [MIR-26] two mirrors that share the same files at once, or make them while apart, end with one set of them', async () => {
  const { server } = rigs[0]
  const paths = Array.from({ length: 12 }, (_, i) => `src/${i}.ts`)
  for (const path of paths) onBoth(path, `text of ${path}\n`)
  const mirrors = await startBoth()
  server.online(false)
  onBoth('made-apart.ts', 'the same\n')
  rigs[0].write('differs.ts', 'of the first\n')
  rigs[1].write('differs.ts', 'of the second\n')
  server.online(true)
  await rigs[0].until(
    () => [...paths, 'made-apart.ts', 'differs.ts'].every((path) => entriesAt(path).length === 1),
    'one entry a path',
  )
  for (const path of paths) await untilAll(path, `text of ${path}\n`)
  await untilAll('made-apart.ts', 'the same\n')
  await rigs[0].until(() => new Set(everywhere('differs.ts')).size === 1, 'one text')
  const kept = everywhere('differs.ts')[0]
  expect(['of the first\n', 'of the second\n']).toContain(kept)
  // Who had the other one has it still.
  const others = mirrors.flatMap((mirror, i) =>
    mirror.state
      .snapshot()
      .conflicts.flatMap(({ record, path }) =>
        ['disk', 'remote'].flatMap((side) => (path === 'differs.ts' ? (rigs[i]?.disk(`${record}.${side}`) ?? []) : [])),
      ),
  )
  expect(new Set([kept, ...others])).toEqual(new Set(['of the first\n', 'of the second\n']))
})

test('[MIR-22] [MIR-117] of hundreds that were shared twice one goes each, by a few changes of the index; a text that differs is kept', async () => {
  const [first, second] = rigs
  const { server } = first
  const paths = Array.from({ length: 60 }, (_, i) => `src/${i}.ts`)
  // The other mirror's entries: older than ours, so that ours go.
  const older = paths.slice(0, 30).map(() => createId())
  for (const path of paths) first.write(path, `text of ${path}\n`)
  const mirror = await first.start({ shared: true })
  const mine = new Map(paths.map((path) => [path, server.id(path)]))
  for (const [i, id] of older.entries()) server.write(id, i === 7 ? 'differs\n' : `text of src/${i}.ts\n`)
  const facts = { size: 20, exec: false, eol: 'lf', bom: false } as const
  let changes = 0
  server.files.transact(() => {
    for (const [i, id] of older.entries()) server.files.create(`src/${i}.ts`, 'text', facts, id)
  }, 'another mirror')
  server.files.subscribe(() => changes++)
  await first.until(() => paths.every((path) => entriesAt(path).length === 1), 'one entry a path')
  await mirror.settle()
  await mirror.flush()
  expect(changes).toBeLessThan(15)
  for (const [i, path] of paths.entries()) {
    expect(server.id(path)).toBe(older[i] ?? mine.get(path))
    expect([first.disk(path), server.at(path)]).toEqual(Array(2).fill(i === 7 ? 'differs\n' : `text of ${path}\n`))
  }
  expect(new Set(mirror.state.snapshot().conflicts.map(({ path }) => path))).toEqual(new Set(['src/7.ts']))
  // And they are bound to what is there now.
  first.write('src/3.ts', 'edited\n')
  await mirror.settle()
  expect(server.text(older[3] as string)).toBe('edited\n')
  await second.start({ server, shared: true })
  expect(second.disk('src/3.ts')).toBe('edited\n')
})

test('[MIR-23] [MIR-110] the same pull in both folders, while online and while apart, is in the text once', async () => {
  const { server } = rigs[0]
  const paths = Array.from({ length: 40 }, (_, i) => `src/${i}.ts`)
  for (const path of paths) onBoth(path, lines())
  await startBoth()
  for (const path of paths) await untilAll(path, lines())
  const pulls = [lines([3, 'pulled']), lines([3, 'pulled'], [9, 'pulled\nand more'])]
  for (const [round, pulled] of pulls.entries()) {
    server.online(round === 0)
    // One by one, and in bulk.
    for (const path of paths.slice(0, round === 0 ? 5 : undefined)) onBoth(path, pulled)
    server.online(true)
    for (const path of paths.slice(0, round === 0 ? 5 : undefined)) await untilAll(path, pulled)
  }
  // Nobody made a conflict of it.
  for (const rig of rigs) expect(rig.lines.filter((line) => line.includes('mirror conflict'))).toEqual([])
})

test('[MIR-25] [MIR-115] a second mirror joins: on an empty folder it gets everything, on one with files nothing is deleted, and old ones follow', async () => {
  const [first, second] = rigs
  first.write('both.ts', 'old\n')
  first.write('sub/dir/deep.ts', 'deep\n')
  await first.start({ shared: true })
  const id = first.server.id('both.ts')
  second.write('both.ts', 'old\n')
  second.write('mine.ts', 'mine\n')
  first.server.edit(id, 'old', 'new')
  const mirror = await second.start({ server: first.server, shared: true })
  await mirror.settle()
  for (const [path, text] of [
    ['both.ts', 'new\n'],
    ['mine.ts', 'mine\n'],
    ['sub/dir/deep.ts', 'deep\n'],
  ] as const)
    await untilAll(path, text)
  expect(mirror.state.snapshot().conflicts).toEqual([])
  expect(first.server.id('both.ts')).toBe(id)
})
