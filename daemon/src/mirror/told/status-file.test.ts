import { mkdirSync, mkdtempSync, readdirSync, rmSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock } from '@tandem/shared'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keepStatusFile, readMirrorStatus } from './status-file.ts'
import { createRig, type Rig } from '../testing/rig.ts'

let rig: Rig
let daemonDir: string
beforeEach(() => {
  rig = createRig()
  daemonDir = mkdtempSync(join(tmpdir(), 'tandem-status-'))
})
afterEach(async () => {
  await rig.close()
  rmSync(daemonDir, { recursive: true })
})

test('[OPS-41] how the mirror stands is noted whole after a scan, a question, and at the end', async () => {
  for (let i = 0; i < 25; i++) rig.write(`src/${i}.ts`, `${i}\n`)
  rig.write('.env', 'SECRET=1')
  rig.write('film.mp4', new Uint8Array(2_000))
  const mirror = await rig.start({ maxBlobBytes: 1_000, maxTextBytes: 1_000 })
  const options = { daemonDir, mirror, files: rig.server.files, clock: systemClock, log: silentLog }
  const end = keepStatusFile(options)
  const status = () => readMirrorStatus(daemonDir)
  expect(status()).toBeUndefined()
  await mirror.settle()
  await rig.until(() => status() !== undefined)
  expect(status()).toMatchObject({
    phase: 'live',
    conflicts: 0,
    hidden: [{ reason: '.env', count: 1 }],
    withheld: [{ path: 'film.mp4', size: 2_000, why: 'too large' }],
    scan: { files: 26, dirs: 2 },
  })
  expect(Math.abs((status()?.at ?? 0) - Date.now())).toBeLessThan(60_000)

  for (let i = 0; i < 25; i++) unlinkSync(join(rig.folder, `src/${i}.ts`))
  await rig.until(() => status()?.question?.count === 25)
  mirror.answer(status()?.question?.id ?? '', 'restore')
  await rig.until(() => mirror.state.snapshot().phase === 'live')
  await end()
  expect(status()).toMatchObject({ phase: 'live' })
  expect(readdirSync(daemonDir)).toEqual(['mirror.json'])
})

test('[OPS-41] where it cannot be noted the mirror goes on', async () => {
  rig.write('a.ts', 'one\n')
  const mirror = await rig.start()
  // A directory where the file should be.
  mkdirSync(join(daemonDir, 'mirror.json'))
  const end = keepStatusFile({ daemonDir, mirror, files: rig.server.files, clock: systemClock, log: silentLog })
  rig.write('a.ts', 'two\n')
  await mirror.settle()
  await end()
  expect(rig.server.at('a.ts')).toBe('two\n')
})
