import { createId, Task, taskStates } from '@tandem/shared'
import { Request } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { isFailure, lookOf, taskItems, timeLine, titleOf, whyOf } from './describe.ts'

const make = (part: Partial<Task>): Task =>
  Task.parse({
    id: createId(),
    workspaceId: createId(),
    title: 't',
    payload: { kind: 'command', command: 'npm test', shell: true },
    state: 'queued',
    attempt: 0,
    attempts: [],
    createdBy: createId(),
    createdByName: 'Mira',
    createdAt: 0,
    ...part,
  })

test('[S124] every state has a tone and a word', () => {
  for (const state of taskStates) expect(lookOf(state).word).not.toBe('')
})

test('[S123] what waits for the connection is shown, above what is over, until the server has it', () => {
  const over = make({ state: 'completed', createdAt: 50 })
  const runs = make({ state: 'running', createdAt: 10 })
  const request = Request.parse({
    body: { kind: 'create', task: { title: 'x', payload: { kind: 'command', command: 'ls -la', shell: true } } },
    clientAt: 40,
  })
  const id = createId()
  const items = taskItems(new Map([over, runs].map((t) => [t.id, t])), new Map([[id, request]]))
  expect(items.map((i) => i.id)).toEqual([id, runs.id, over.id])
  expect(titleOf(items[0]!)).toBe('ls -la')
  const known = make({ id })
  expect(taskItems(new Map([[id, known]]), new Map([[id, request]]))).toEqual([{ id, at: 0, task: known }])
})

test('[S130] how long it took, or takes', () => {
  expect(timeLine(make({ state: 'queued' }), 9)).toBeUndefined()
  expect(timeLine(make({ state: 'running', startedAt: 1000 }), 13_000)).toBe('for 12 s')
  expect(timeLine(make({ state: 'completed', startedAt: 0, completedAt: 3800 }), 99)).toBe('completed in 3.8 s')
  expect(timeLine(make({ state: 'failed', startedAt: 0, completedAt: 3800 }), 99)).toBe('ended after 3.8 s')
})

test('[UI-52] who stops a task, or does not allow it, is told why and not of an error', () => {
  const denied = make({ state: 'cancelled', result: { error: 'Mira said no', code: 'not-approved' } })
  expect(whyOf(denied)).toBe('Not approved: Mira said no')
  expect(isFailure(denied)).toBe(false)
  for (const state of ['failed', 'timed_out', 'lost'] as const) expect(isFailure(make({ state }))).toBe(true)
})

test('[S128] a failure explains itself', () => {
  expect(whyOf(make({ state: 'failed', result: { exitCode: 2 } }))).toBe('The command ended with exit code 2.')
  expect(whyOf(make({ state: 'failed', result: { error: 'No sandbox here.' } }))).toBe('No sandbox here.')
  expect(whyOf(make({ state: 'completed', result: { exitCode: 0 } }))).toBeUndefined()
})
