import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createId } from '@tandem/shared'
import { expect, onTestFinished, test } from 'vitest'
import { hashOf, openShadows, type Shadow } from './shadow.ts'

test('[MIR-34] what was recorded a moment ago is read as it was recorded, stored or not: a deletion is judged by it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tandem-shadows-'))
  const shadows = await openShadows(dir)
  onTestFinished(async () => {
    await shadows.close()
    rmSync(dir, { recursive: true, force: true })
  })
  const id = createId()
  const record = (text: string) => {
    const bytes = Buffer.from(text)
    const shadow: Shadow = {
      path: 'a.ts',
      kind: 'text',
      identity: '1',
      birthmark: '1',
      hash: hashOf(bytes),
      size: bytes.length,
      exec: false,
      state: '',
    }
    return shadows.put([{ id, shadow, bytes }])
  }
  await record('old\n')
  const recording = record('new\n')
  expect(await shadows.text(id)).toBe('new\n')
  await recording
})
