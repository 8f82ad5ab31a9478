import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@tandem/shared/testing'
import { expect, onTestFinished, test } from 'vitest'
import { pulseFile, startPulse } from './pulse.ts'

test('[MIR-135] the sign of life is never written through a link that a repository brought', async () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-pulse-')))
  onTestFinished(() => rmSync(base, { recursive: true, force: true }))
  mkdirSync(join(base, 'root/.tandem/tmp'), { recursive: true })
  writeFileSync(join(base, 'victim'), 'mine\n')
  symlinkSync('../../../victim', join(base, 'root', pulseFile))
  const clock = fakeClock()
  const tried = Promise.withResolvers<void>()
  let rests = 0
  const after: typeof clock.after = (ms, call) => {
    if (++rests === 2) tried.resolve()
    return clock.after(ms, call)
  }
  const pulse = startPulse({
    root: join(base, 'root'),
    clock: { ...clock, after },
    isListening: () => true,
    onDeaf: () => {},
  })
  clock.advance(60_000)
  await tried.promise
  pulse.stop()
  expect(readFileSync(join(base, 'victim'), 'utf8')).toBe('mine\n')
})
