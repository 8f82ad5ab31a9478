import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openSecret } from './secret.ts'

test('[AGT-138] it is made once, for its owner alone, and stays; what is none is refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-secret-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'agent', 'secret')
  const made = openSecret(file)
  expect(made).toHaveLength(32)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(openSecret(file)).toEqual(made)
  expect(openSecret(join(folder, 'other'))).not.toEqual(made)
  expect(readdirSync(join(folder, 'agent'))).toEqual(['secret'])
  writeFileSync(file, 'short')
  expect(() => openSecret(file)).toThrow('is not the secret of this daemon')
})
