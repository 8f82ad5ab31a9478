import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lookAtQuarantine } from './quarantine-findings.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'tandem-quarantine-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test('[SBX-247] the doctor says what of tasks was set aside and where it lies, and nothing where there is none', () => {
  expect(lookAtQuarantine(folder)).toEqual([])
  mkdirSync(join(folder, '.tandem/quarantine/t1.1'), { recursive: true })
  for (let i = 2; i < 9; i++) mkdirSync(join(folder, `.tandem/quarantine/t${i}.1`))
  const [found] = lookAtQuarantine(folder)
  expect(found).toMatchObject({ is: 'warn', fix: expect.stringContaining('move back') })
  expect(found?.says).toMatch(/^8 tasks left .*t1\.1.* and 3 more in \.tandem\/quarantine$/)
})

test('[SBX-247] a link in its place is not looked into', () => {
  mkdirSync(join(folder, '.tandem'))
  symlinkSync(tmpdir(), join(folder, '.tandem/quarantine'))
  expect(lookAtQuarantine(folder)).toEqual([])
})
