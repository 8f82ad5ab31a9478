import { renameSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRig, type Rig } from '../testing/rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

const at = (path: string) => join(rig.folder, path)
const shared = () =>
  [...rig.server.files.snapshot().byPath].map(([path, { id }]) => [path, id]).toSorted(([a], [b]) => (a! < b! ? -1 : 1))

/** Saved anew and renamed while nobody looks, as somebody types into it; then what both sides have. */
async function movedUnseen(was: string, saved: string, typed: [string, string]) {
  rig.write('a.ts', was)
  rig.write('keep.ts', 'keep\n')
  await rig.start()
  const [id, keep] = [rig.server.id('a.ts'), rig.server.id('keep.ts')]
  await rig.stop()
  rig.save('a.ts', saved)
  renameSync(at('a.ts'), at('b.ts'))
  rig.server.edit(id, ...typed)
  const mirror = await rig.start()
  await mirror.settle()
  await mirror.flush()
  return { id, keep }
}

test('[MIR-149] saved anew and renamed while nobody looked, and typed into meanwhile: one file with both', async () => {
  const { id, keep } = await movedUnseen('1\n2\n3\n', '1\n2\n3 saved\n', ['1', '1 typed'])
  expect(shared()).toEqual([
    ['b.ts', id],
    ['keep.ts', keep],
  ])
  expect([rig.server.text(id), rig.read('b.ts'), rig.disk('a.ts')]).toEqual([
    ...Array<string>(2).fill('1 typed\n2\n3 saved\n'),
    undefined,
  ])
})

test('[MIR-149] what grew to many times its size has all that it had, and is still that file', async () => {
  const more = Array.from({ length: 50 }, (_, i) => `more ${i}\n`).join('')
  const { id } = await movedUnseen('1\n2\n3\n', `1\n2\n3\n${more}`, ['1', '1 typed'])
  expect([rig.server.id('b.ts'), rig.read('b.ts')]).toEqual([id, `1 typed\n2\n3\n${more}`])
})

test('[MIR-149] [MIR-34] what has less than half of it is a file of its own, and nothing of the old one is lost', async () => {
  const { id } = await movedUnseen('1\n2\n3\n', '1\nx\ny\n', ['2', '2 typed'])
  expect(rig.server.id('b.ts')).not.toBe(id)
  expect([rig.read('a.ts'), rig.read('b.ts')]).toEqual(['1\n2 typed\n3\n', '1\nx\ny\n'])
})

test('[MIR-149] of several that are gone it is the one most like it, and each is taken once', async () => {
  const body = (name: string) =>
    `import a from 'a'\nimport b from 'b'\nexport const ${name} = () => a + b + '${name}'\n`
  for (const name of ['one', 'two']) rig.write(`${name}.ts`, body(name))
  rig.write('keep.ts', 'keep\n')
  await rig.start()
  const [one, two] = [rig.server.id('one.ts'), rig.server.id('two.ts')]
  await rig.stop()
  for (const [from, to] of [
    ['one', 'x'],
    ['two', 'a'],
  ] as const) {
    unlinkSync(at(`${from}.ts`))
    rig.save(`${to}.ts`, `${body(from)}// ${to}\n`)
  }
  const mirror = await rig.start()
  await mirror.settle()
  expect([rig.server.id('x.ts'), rig.server.id('a.ts')]).toEqual([one, two])
})
