import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { decide } from './decide.ts'
import { defaultPolicy, Policy } from './policy.ts'
import { createPolicyNow, repositoryPolicyFile } from './repository-policy.ts'

let workspace: string
beforeEach(() => (workspace = mkdtempSync(join(tmpdir(), 'tandem-repository-'))))
afterEach(() => rmSync(workspace, { recursive: true }))
const write = (policy: unknown) =>
  writeFileSync(join(workspace, repositoryPolicyFile), typeof policy === 'string' ? policy : JSON.stringify(policy))
const policyNow = (owner = defaultPolicy) => createPolicyNow(workspace, owner)

test('[SBX-278] a repository makes the policy stricter, from the moment its file says so', () => {
  const now = policyNow()
  expect(now()).toBe(defaultPolicy)
  write({
    commands: { mode: 'ask', deny: ['npm publish *'], ask: ['make *'] },
    network: { deny: ['evil.example'], commands: { default: 'deny' } },
    limits: { memMb: 512 },
  })
  expect(decide(now(), 'npm publish').decision).toBe('deny')
  expect(decide(now(), 'npm test').decision).toBe('ask')
  expect(decide(now(), 'ls', { network: ['other.example'] }).decision).toBe('deny')
  expect(now().limits).toEqual({ ...defaultPolicy.limits, memMb: 512 })
  expect(now().network.deny).toEqual(['evil.example'])
  expect(now().commands.allow).toEqual(defaultPolicy.commands.allow)
  expect(now()).toBe(now())
  write({ version: 1 })
  expect(now()).toEqual(defaultPolicy)
  rmSync(join(workspace, repositoryPolicyFile))
  expect(now()).toBe(defaultPolicy)
})

test('[SBX-341] while the folder is gone, or another is in its place, what its file said last holds', () => {
  write({ commands: { deny: ['npm publish *'] } })
  const now = policyNow()
  renameSync(workspace, `${workspace}-away`)
  const held = now()
  expect(held.commands.deny).toContain('npm publish *')
  mkdirSync(workspace)
  expect(now()).toBe(held)
  rmSync(workspace, { recursive: true })
  renameSync(`${workspace}-away`, workspace)
  write('{')
  expect(now).toThrow('is not JSON')
  renameSync(workspace, `${workspace}-away`)
  expect(now).toThrow('is not JSON')
  renameSync(`${workspace}-away`, workspace)
  rmSync(join(workspace, repositoryPolicyFile))
  expect(now()).toBe(defaultPolicy)
})

test.each([
  [{ commands: { mode: 'auto' } }, 'commands.mode is auto-edit there, not auto'],
  [{ commands: { default: 'allow' } }, 'commands.default is ask there, not allow'],
  [{ network: { commands: { default: 'allow' } } }, 'network.commands.default is ask there, not allow'],
  [{ limits: { memMb: 4_096 } }, 'limits.memMb is 2048 there, not 4096'],
])('[SBX-278] what would loosen anything is refused, with the key: %j', (policy, says) => {
  write(policy)
  expect(policyNow()).toThrow(
    `tandem.policy.json would loosen the policy of this machine: ${says}; it can only tighten`,
  )
})

test('[SBX-278] what may be said depends on the owner alone', () => {
  write({ commands: { mode: 'auto', default: 'allow' } })
  const loose = Policy.parse({ commands: { mode: 'auto', default: 'allow' } })
  expect(policyNow(loose)().commands.mode).toBe('auto')
})

test.each([
  ['{', 'is not JSON'],
  ['[]', 'is not valid'],
  ['', 'is not JSON'],
  [{ commands: { allow: ['curl *'] } }, 'is not valid: commands.allow: there is no such key; it can only tighten'],
  [
    { network: { allow: ['https://evil.example/'] } },
    'is not valid: network.allow: there is no such key; it can only tighten',
  ],
  [{ network: { allowPrivate: ['10.0.0.0/8'] } }, 'is not valid: network.allowPrivate: '],
  [{ sandbox: { hide: [] } }, 'is not valid: sandbox: '],
  [{ comands: {} }, 'is not valid: comands: there is no such key'],
  [{ limits: { memory: 1 } }, 'is not valid: limits'],
  [{ limits: { memMb: -1 } }, 'is not valid: limits.memMb: '],
  [{ limits: { procs: 0 } }, 'is not valid: limits.procs: '],
  [{ version: 2 }, 'is not valid: version: '],
  ['{"__proto__": {"commands": {"mode": "auto"}}}', ''],
  [' '.repeat(70_000), 'is larger than 64 KB'],
])('[SBX-279] a file that cannot be understood is named, and never passed over: %j', (policy, says) => {
  write(policy)
  expect(policyNow()).toThrow(`tandem.policy.json ${says}`)
})

test('[SBX-279] what is no file is none: a link, a folder, a pipe', () => {
  const file = join(workspace, repositoryPolicyFile)
  writeFileSync(join(workspace, 'other.json'), '{}')
  symlinkSync('other.json', file)
  expect(policyNow()).toThrow('is a link, where a file is needed')
  rmSync(file)
  mkdirSync(file)
  expect(policyNow()).toThrow('is no file')
  rmSync(file, { recursive: true })
  execFileSync('mkfifo', [file])
  expect(policyNow()).toThrow('is no file')
})
