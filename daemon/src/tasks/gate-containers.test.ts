import { createId, silentLog, systemClock, type Task } from '@tandem/shared'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createBed, standIn } from '../containers/fixture.ts'
import { defaultPolicy } from '../sandbox/policy.ts'
import { code } from './code-programs.suite.ts'
import { openGate } from './gate.ts'

vi.setConfig({ testTimeout: 60_000 })

async function open({ isBounded }: { isBounded: boolean }) {
  const engine = standIn({ isBounded })
  const bed = createBed(engine)
  const stop = new AbortController()
  onTestFinished(async () => {
    stop.abort()
    await vi.waitFor(async () => expect(await bed.names()).toEqual([]), { timeout: 20_000 })
    for (const each of [bed, engine]) each.remove()
  })
  const gate = await openGate({
    workspace: bed.workspace,
    history: '',
    policy: { ...defaultPolicy, containers: { image: engine.image, cpus: 1 } },
    environment: engine.environment,
    unsafe: false,
    bootId: createId(),
    clock: systemClock,
    log: silentLog,
    signal: stop.signal,
  })
  const { signal } = new AbortController()
  const run = (text: string, more: object = {}) =>
    gate.execute({ id: createId(), attempt: 1, payload: code(text, { runner: 'container', ...more }) } as Task, {
      timeoutMs: 30_000,
      onOutput: () => {},
      signal,
      killSignal: signal,
      onProcess: () => () => {},
      onTerminal: () => {},
    })
  return { gate, run }
}

test('[S171] [SBX-385] a daemon whose containers hold has the capability, and runs code in them', async () => {
  const { gate, run } = await open({ isBounded: true })
  expect(gate.capabilities).toEqual(['container'])
  const outcome = await run(`export default process.cwd().split('/').length > 1`, { session: 'a' })
  expect(outcome).toMatchObject({
    state: 'completed',
    result: { sandbox: 'reduced', execution: { ranIn: 'container', result: 'true' } },
  })
})

test('[S171] [SBX-385] one whose containers do not hold has it not, and says why to who asks', async () => {
  const { gate, run } = await open({ isBounded: false })
  expect(gate.capabilities).toEqual([])
  expect(await run('export default 1')).toMatchObject({
    state: 'failed',
    result: { code: 'not-supported', error: expect.stringContaining('use memory without limit') },
  })
})
