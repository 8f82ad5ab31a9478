import { setImmediate as breath } from 'node:timers/promises'
import type { Id } from '@tandem/shared'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRig, type Rig } from './testing/rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

/** The same server, and which texts a mirror opens there. */
function counting() {
  const opened = new Set<Id>()
  const join: Rig['server']['join'] = (...args) => {
    const workspace = rig.server.join(...args)
    return { ...workspace, open: (id, signal) => (opened.add(id), workspace.open(id, signal)) }
  }
  return { opened, server: { ...rig.server, join } }
}

test('[MIR-145] texts that change elsewhere one after the other are read together, and hardly any is opened', async () => {
  const names = Array.from({ length: 60 }, (_, i) => `f${i}.txt`)
  for (const name of names) rig.write(name, 'one\n')
  const { opened, server } = counting()
  await rig.start({ server })
  for (const name of names) {
    server.edit(server.id(name), 'one', 'two')
    await breath()
  }
  await rig.until(() => names.every((name) => rig.disk(name) === 'two\n'))
  expect(opened.size).toBeLessThan(names.length / 2)
})

test('[MIR-145] one text that somebody types in is opened, also right after many others came', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `f${i}.txt`)
  for (const name of names) rig.write(name, 'one\n')
  const { opened, server } = counting()
  await rig.start({ server })
  for (const name of names) server.edit(server.id(name), 'one', 'two')
  await rig.until(() => names.every((name) => rig.disk(name) === 'two\n'))
  const id = server.id('f29.txt')
  for (let i = 0; !opened.has(id); i++) {
    server.type(id, { at: 0, del: 0, ins: `${i}\n` })
    await rig.until(() => rig.disk('f29.txt') === server.text(id))
  }
  expect(rig.disk('f29.txt')).toBe(server.text(id))
})
