import type { ExecutionResult } from '@tandem/shared'
import { expect, test } from 'vitest'
import { keepExecution } from './keep-execution.ts'

const execution: ExecutionResult = {
  id: '0b0f1f5e-5f0e-4a6c-9d57-8f0f3a2d4c11',
  success: true,
  ranIn: 'isolate',
  output: 'hi\n',
  logs: [{ level: 'log', text: 'hi' }],
  errors: [],
  result: '7',
}
const file = { path: 'execution.json', blob: 'a'.repeat(64), size: 1 }

test('[SBX-292] a small execution is in the record, and nothing is kept besides', async () => {
  expect(await keepExecution(execution, () => Promise.reject(new Error('not asked')))).toEqual({
    record: { execution },
  })
})

test('[SBX-292] the whole of a large one is kept as a file; the record says it is cut, with the result where that is small', async () => {
  const kept: unknown[] = []
  const keep = async (path: string, bytes: Uint8Array) => {
    kept.push([path, JSON.parse(new TextDecoder().decode(bytes))])
    return file
  }
  const wordy = { ...execution, output: 'x'.repeat(20_000) }
  const short = { ...execution, output: '', logs: [], truncated: true }
  expect(await keepExecution(wordy, keep)).toEqual({ record: { execution: short }, file })
  const large = { ...execution, result: `"${'x'.repeat(20_000)}"` }
  const { result: _, ...shorter } = short
  expect(await keepExecution(large, keep)).toEqual({ record: { execution: shorter }, file })
  expect(kept).toEqual([
    ['execution.json', wordy],
    ['execution.json', large],
  ])
  // The server does not answer: how it ended is told all the same.
  expect(await keepExecution(large, async () => undefined)).toEqual({ record: { execution: shorter }, file: undefined })
})
