import { createId } from '@tandem/shared'
import { expect, test } from 'vitest'
import { shellBed } from '../bash/shell-bed.suite.ts'
import type { Job } from './execute.ts'
import { bashExecutor } from './run-bash.ts'

const never = new AbortController().signal
type BashJob = Parameters<ReturnType<typeof bashExecutor>>[0]

function begin(script: string, more: Partial<BashJob> = {}, bed = shellBed()) {
  const said = { stdout: '', stderr: '' }
  const onOutput: Job['onOutput'] = (stream, bytes) => void (said[stream] += Buffer.from(bytes).toString())
  const outcome = bashExecutor({ openShell: () => bed.shell })({
    task: { id: createId(), attempt: 1 },
    payload: { kind: 'bash', script },
    timeoutMs: 60_000,
    onOutput,
    signal: never,
    killSignal: never,
    onProcess: () => () => {},
    onTerminal: () => {},
    ...more,
  })
  return { outcome, said, bed }
}

test('[S213] [SBX-333] a task of kind bash: both streams, then the exit code; what it wrote is in the documents', async () => {
  const { outcome, said, bed } = begin('echo one; echo two >&2; echo x > /workspace/x; exit 3')
  expect(await outcome).toEqual({ state: 'failed', result: { exitCode: 3, error: 'it ended with exit code 3' } })
  expect(said).toEqual({ stdout: 'one\n', stderr: 'two\n' })
  expect(bed.server.at('x')).toBe('x\n')
  const read = begin('cat; echo read', {}, bed)
  expect(await read.outcome).toEqual({ state: 'completed', result: { exitCode: 0 } })
  expect(read.said.stdout).toBe('read\n')
})

test('[S136] [SBX-333] one that does not end in time is ended, and one that is over before it starts never starts', async () => {
  const { outcome, bed } = begin('echo y > /workspace/y; sleep 1000', { timeoutMs: 300 })
  expect(await outcome).toEqual({
    state: 'timed_out',
    result: { exitCode: null, code: 'timeout', error: 'it did not end within 0.3 s' },
  })
  for (const over of [{ signal: AbortSignal.abort('cancelled') }, { killSignal: AbortSignal.abort() }])
    expect(await begin('echo y > /workspace/y', over, bed).outcome).toMatchObject({ state: 'cancelled' })
  expect(bed.server.at('y')).toBeUndefined()
})
