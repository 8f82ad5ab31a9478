import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { randomFrom } from '@tandem/shared/testing'
import { expect, onTestFinished, test } from 'vitest'
import { killServer } from './server-kills.ts'

test(
  '[LOG-1] [LOG-81] [LOG-82] [LOG-83] whatever was acknowledged is there once after any kill, and all come to one text',
  { timeout: 180_000 },
  async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'tandem-kills-'))
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
    const seed = Math.floor(Math.random() * 2 ** 31)
    const counts = await killServer({ dataDir, kills: 6, random: randomFrom(seed) }).catch((e: unknown) => {
      throw new Error(`broken with seed ${seed}`, { cause: e })
    })
    expect(counts.kills).toBeGreaterThanOrEqual(6)
    expect(counts.acknowledged).toBeGreaterThan(0)
    expect(counts.inspections).toBeGreaterThan(0)
  },
)
