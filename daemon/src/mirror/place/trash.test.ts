import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, onTestFinished, test } from 'vitest'
import { openRoot } from '../../disk/write.ts'
import { intoTrash, tidyTrash } from './trash.ts'

test('[MIR-150] what was taken away can be had back for 30 days, however old it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-trash-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const root = await openRoot(folder)
  const clock = fakeClock(Date.now())
  writeFileSync(join(folder, 'old.txt'), 'old\n')
  utimesSync(join(folder, 'old.txt'), 1_000, 1_000)
  await intoTrash({ root }, join(folder, 'old.txt'), 'kept')
  const isThere = () => existsSync(join(folder, '.tandem/trash/kept'))
  const day = 86_400_000
  clock.advance(29 * day)
  await tidyTrash({ root, clock, log: silentLog })
  expect([isThere(), existsSync(join(folder, 'old.txt'))]).toEqual([true, false])
  clock.advance(2 * day)
  await tidyTrash({ root, clock, log: silentLog })
  expect(isThere()).toBe(false)
})
