import { renameSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRig, type Rig } from './testing/rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

/** Forty files that somebody else changed while the daemon was down; it is starting, and has begun to write them. */
async function catchingUp() {
  const names = Array.from({ length: 40 }, (_, i) => `f${i}.txt`)
  for (const name of names) rig.write(name, 'one\n')
  await rig.start()
  await rig.stop()
  for (const name of names) rig.server.edit(rig.server.id(name), 'one', 'two')
  const starting = rig.start()
  await rig.until(() => names.some((name) => rig.disk(name) === 'two\n'))
  return { starting, isCaughtUp: () => names.every((name) => rig.disk(name) === 'two\n') }
}

test('[MIR-66] a daemon that is stopped while it catches up goes on with that at the next start', async () => {
  const { starting, isCaughtUp } = await catchingUp()
  await rig.stop()
  await starting
  expect(isCaughtUp()).toBe(false)
  await rig.start()
  await rig.until(isCaughtUp)
})

test('[MIR-66] a folder that goes away while it is caught up is brought up to date when it is back', async () => {
  const { starting, isCaughtUp } = await catchingUp()
  renameSync(rig.folder, `${rig.folder}-away`)
  const mirror = await starting
  await rig.until(() => mirror.state.snapshot().phase === 'halted')
  renameSync(`${rig.folder}-away`, rig.folder)
  await rig.until(isCaughtUp)
})

test('[MIR-66] what somebody else writes while a file is gone for a moment is in it when it is back', async () => {
  for (const name of ['a.txt', 'b.txt', 'c.txt']) rig.write(name, 'one\n')
  const mirror = await rig.start()
  const aside = `${rig.folder}-aside.txt`
  renameSync(`${rig.folder}/a.txt`, aside)
  rig.server.edit(rig.server.id('a.txt'), 'one', 'two')
  await mirror.flush()
  renameSync(aside, `${rig.folder}/a.txt`)
  await rig.until(() => rig.disk('a.txt') === 'two\n')
})
