import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readPolicy } from './policy-file.ts'
import { defaultPolicy } from './policy.ts'

let folder: string
let workspace: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-policy-')))
  workspace = join(folder, 'workspace')
  mkdirSync(workspace)
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(policy: unknown, config = join(folder, '.config')): void {
  mkdirSync(join(config, 'tandem'), { recursive: true })
  writeFileSync(join(config, 'tandem/policy.json'), typeof policy === 'string' ? policy : JSON.stringify(policy))
}
const readHere = () => readPolicy({ environment: { HOME: folder }, workspace })

test('[S134] [SBX-211] the owner’s file is the policy; what it leaves out is as by default', () => {
  expect(readHere()).toMatchObject({ isThere: false, policy: defaultPolicy })
  write({ commands: { default: 'deny', allow: ['make *'] }, limits: { procs: 8 } })
  const { file, isThere, policy } = readHere()
  expect({ file, isThere }).toEqual({ file: join(folder, '.config/tandem/policy.json'), isThere: true })
  expect(policy.commands).toEqual({ ...defaultPolicy.commands, default: 'deny', allow: ['make *'] })
  expect(policy.limits).toEqual({ ...defaultPolicy.limits, procs: 8 })
  write({ commands: { default: 'allow' } }, join(folder, 'elsewhere'))
  const elsewhere = { HOME: folder, XDG_CONFIG_HOME: join(folder, 'elsewhere') }
  expect(readPolicy({ environment: elsewhere, workspace }).policy.commands.default).toBe('allow')
})

test.each([
  ['{', 'is not JSON'],
  [[], 'is not valid'],
  [{ commands: { default: 'maybe' } }, 'is not valid: commands.default: '],
  [{ commands: { allow: ['ls *', 7] } }, 'is not valid: commands.allow.1: '],
  [{ comands: {} }, 'is not valid: comands: there is no such key'],
  [{ sandbox: { mode: 'off' } }, 'is not valid: sandbox.mode: there is no such key'],
])('[SBX-211] a policy that is wrong is named with the key, and never replaced by the default: %j', (policy, says) => {
  write(policy)
  expect(readHere).toThrow(`the policy ${join(folder, '.config/tandem/policy.json')} ${says}`)
})

test('[SBX-211] a policy that commands could change is none, also behind a link', () => {
  write({}, join(workspace, 'dotfiles'))
  symlinkSync(join(workspace, 'dotfiles'), join(folder, '.config'))
  expect(readHere).toThrow('is inside the folder served')
})
