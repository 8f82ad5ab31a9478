import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { memoryServer } from './testing/memory-workspace.ts'
import { createRig, type Rig } from './testing/rig.ts'

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

test('[MIR-17] with the daemon’s state lost and the disk older, the disk follows, its text kept aside', async () => {
  rig.write('a.ts', 'one\n')
  await rig.start()
  await rig.stop()
  rig.server.edit(rig.server.id('a.ts'), 'one', 'newer')
  const mirror = await rig.start({ state: 'fresh' })
  expect(rig.read('a.ts')).toBe('newer\n')
  expect(rig.read(`${mirror.state.snapshot().conflicts[0]?.record}.disk`)).toBe('one\n')
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
