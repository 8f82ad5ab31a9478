import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { createId, silentLog, systemClock, TaskPayload, type Task } from '@tandem/shared'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Policy } from '../sandbox/policy.ts'
import { repositoryPolicyFile } from '../sandbox/repository-policy.ts'
import { openGate, type Gate } from './gate.ts'

vi.setConfig({ testTimeout: 30_000 })
const workspace = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-code-limits-')))
const stop = new AbortController()
let gate: Gate
beforeAll(async () => {
  gate = await openGate({
    workspace,
    history: '',
    policy: Policy.parse({ isolate: { memMb: 64, cpuMs: 20_000, calls: 10 } }),
    environment: env,
    unsafe: false,
    bootId: createId(),
    clock: systemClock,
    log: silentLog,
    signal: stop.signal,
  })
})
afterAll(() => {
  stop.abort()
  rmSync(workspace, { recursive: true })
})

async function run(code: string) {
  const payload = TaskPayload.parse({ kind: 'code', language: 'javascript', code })
  const task = { id: createId(), executor: 'daemon', attempt: 1, payload } as Task
  const never = new AbortController().signal
  const outcome = await gate.execute(task, {
    timeoutMs: 60_000,
    onOutput: () => {},
    signal: never,
    killSignal: never,
    onProcess: () => () => {},
    onTerminal: () => {},
  })
  if (outcome.state === 'parked') throw new Error('it waits')
  const { execution, code: why, error } = outcome.result
  return execution?.success ? execution.result : `${why} ${execution?.ranIn}: ${execution?.errors[0]?.message ?? error}`
}
const says = (policy: object) => writeFileSync(join(workspace, repositoryPolicyFile), JSON.stringify(policy))

test('[SBX-397] [SBX-278] the limits of a repository’s file hold for snippets, from the moment it says so', async () => {
  const holds =
    'const held = []; for (let i = 0; i < 40; i++) held.push(new Uint8Array(2 ** 20).fill(1)); export default held.length'
  const asks = 'export default async (env) => { for (let i = 0; i < 5; i++) await env.ECHO.ping(); return 5 }'
  says({})
  expect(await run(holds)).toBe('40')
  expect(await run(asks)).toBe('5')
  says({ limits: { memMb: 24 } })
  expect(await run(holds)).toMatch(/^memory-limit isolate: /)
  says({ isolate: { memMb: 24 } })
  expect(await run(holds)).toMatch(/^memory-limit isolate: /)
  says({ isolate: { calls: 3 } })
  expect(await run(asks)).toMatch(/calls/)
  says({ isolate: { cpuMs: 200 } })
  expect(await run('for (;;) {}')).toBe('timeout isolate: it computed for more than 0.2 s')
  says({ limits: { maxWallMs: 500 } })
  expect(await run('for (;;) {}')).toBe('timeout isolate: it did not end within 0.5 s')
  says({ isolate: { calls: 11 } })
  expect(await run(asks)).toMatch(/^config-invalid/)
  rmSync(join(workspace, repositoryPolicyFile))
  expect(await run(holds)).toBe('40')
})
