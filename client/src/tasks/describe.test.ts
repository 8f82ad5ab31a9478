import { createId, Task, taskStates } from '@tandem/shared'
import { expect, test } from 'vitest'
import { endWords, isFailure, lookOf, timeLine, whyOf } from './describe.ts'
import { taskForTest } from './test-task.ts'

test('[S124] every state has a tone and a word', () => {
  for (const state of taskStates) expect(lookOf(state).word).not.toBe('')
})

test('[S130] how long it took, or takes', () => {
  expect(timeLine(taskForTest({ state: 'queued' }), 9)).toBeUndefined()
  expect(timeLine(taskForTest({ state: 'running', startedAt: 1000 }), 13_000)).toBe('for 12 s')
  expect(timeLine(taskForTest({ state: 'completed', startedAt: 0, completedAt: 3800 }), 99)).toBe('completed in 3.8 s')
  expect(timeLine(taskForTest({ state: 'failed', startedAt: 0, completedAt: 3800 }), 99)).toBe('ended after 3.8 s')
})

test('[UI-52] who stops a task, or does not allow it, is told why and not of an error', () => {
  const denied = taskForTest({ state: 'cancelled', result: { error: 'Mira said no', code: 'not-approved' } })
  expect(whyOf(denied)).toBe('Not approved: Mira said no')
  expect(isFailure(denied)).toBe(false)
  for (const state of ['failed', 'timed_out', 'lost'] as const) expect(isFailure(taskForTest({ state }))).toBe(true)
})

test('[S128] a failure explains itself', () => {
  expect(whyOf(taskForTest({ state: 'failed', result: { exitCode: 2 } }))).toBe('The command ended with exit code 2.')
  expect(whyOf(taskForTest({ state: 'failed', result: { error: 'No sandbox here.' } }))).toBe('No sandbox here.')
  expect(whyOf(taskForTest({ state: 'completed', result: { exitCode: 0 } }))).toBeUndefined()
})

test('[UI-172] how a task ended is one sentence', () => {
  const [mira, daemon] = [createId(), createId()]
  const says = (part: Partial<Task>) =>
    endWords(
      taskForTest({ startedAt: 0, completedAt: 3800, attempt: 1, attempts: [{ n: 1, daemonId: daemon }], ...part }),
      (id) => (id === daemon ? 'laptop' : '?'),
      (id) => (id === mira ? 'Mira' : '?'),
    )
  const cancel = { by: mira, at: 1, force: false }
  expect(says({ state: 'running' })).toBeUndefined()
  expect(says({ state: 'completed' })).toBe('Passed in 3.8 s on laptop.')
  expect(says({ state: 'failed', result: { exitCode: 2 } })).toBe('Ended with exit code 2 after 3.8 s on laptop.')
  expect(says({ state: 'failed', result: { signal: 'SIGKILL' } })).toBe('Ended by SIGKILL after 3.8 s on laptop.')
  const limit = { code: 'memory-limit', error: 'it used more memory than allowed', signal: 'SIGKILL' }
  expect(says({ state: 'failed', result: limit })).toBe(
    'Ended at a limit after 3.8 s on laptop: it used more memory than allowed.',
  )
  expect(says({ state: 'timed_out', timeoutMs: 3000 })).toBe('Ended after 3.8 s on laptop: it may take 3 seconds.')
  expect(says({ state: 'lost' })).toBe('Lost after 3.8 s on laptop: how it ended is not known.')
  expect(says({ state: 'cancelled', cancel })).toBe('Stopped by Mira after 3.8 s.')
  const never = { startedAt: undefined, attempts: [], attempt: 0 }
  expect(says({ state: 'cancelled', cancel, ...never })).toBe('Stopped by Mira, before it began.')
  expect(says({ state: 'failed', result: { error: 'No sandbox here.' }, ...never })).toBe('It could not begin.')
})
