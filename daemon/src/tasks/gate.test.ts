import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createId, silentLog, systemClock, TaskPayload, type Task } from '@tandem/shared'
import { expect, onTestFinished, test } from 'vitest'
import { defaultPolicy } from '../sandbox/policy.ts'
import { openGate } from './gate.ts'

test('[SBX-278] [SBX-279] each task is judged by what the repository’s file says by then; while nobody knows, none runs', async () => {
  const workspace = mkdtempSync(join(tmpdir(), 'tandem-gate-'))
  const stop = new AbortController()
  onTestFinished(() => {
    stop.abort()
    rmSync(workspace, { recursive: true })
  })
  const gate = await openGate({
    workspace,
    history: '',
    policy: defaultPolicy,
    environment: {},
    unsafe: true,
    bootId: createId(),
    clock: systemClock,
    log: silentLog,
    signal: stop.signal,
  })
  const payload = TaskPayload.parse({ kind: 'command', command: 'make', args: ['all'] })
  const task = { id: createId(), executor: 'daemon', attempt: 1, payload } as Task
  const judged = (policy?: string) => {
    if (policy !== undefined) writeFileSync(join(workspace, 'tandem.policy.json'), policy)
    return gate.judge(task, [])
  }
  expect(judged()).toEqual({ decision: 'run' })
  expect(judged('{"commands": {"deny": ["make *"]}}')).toMatchObject({ decision: 'refuse', code: 'command-denied' })
  expect(judged('{"commands": {"ask": ["make *"]}}')).toMatchObject({ decision: 'ask' })
  expect(judged('{"commands": {"allow": ["make *"]}}')).toEqual({
    decision: 'refuse',
    code: 'config-invalid',
    reason: 'tandem.policy.json is not valid: commands.allow: there is no such key; it can only tighten',
  })
  // What was granted before the file was broken does not begin either.
  const io = { signal: stop.signal, killSignal: stop.signal, timeoutMs: 1_000 }
  expect(await gate.execute(task, io as never)).toMatchObject({ state: 'failed', result: { code: 'config-invalid' } })
})
