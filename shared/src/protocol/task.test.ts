import { expect, test } from 'vitest'
import { commandLine, isTerminal, statusOf, TaskInput, TaskPayload, taskStates } from './task.ts'

test('[S100] [S113] every state has a founding word, and exactly the ended ones are terminal', () => {
  const byStatus = Object.groupBy(taskStates, statusOf)
  expect(byStatus.pending).toEqual(['scheduled', 'blocked', 'awaiting_approval', 'queued'])
  expect(taskStates.filter(isTerminal)).toEqual(['completed', 'failed', 'timed_out', 'cancelled', 'lost'])
  for (const s of taskStates) expect(isTerminal(s)).toBe(!['pending', 'running'].includes(statusOf(s)))
})

test('[S102] a task input fills what is left out', () => {
  expect(TaskInput.parse({ title: 't', payload: { kind: 'command', command: 'ls' } })).toMatchObject({
    executor: 'daemon',
    priority: 0,
    onLost: 'keep',
    payload: { args: [], cwd: '', shell: false },
  })
})

test('a command reads as a person would type it', () => {
  expect(
    commandLine({ kind: 'command', command: 'git', args: ['commit', '-m', "it's done"], cwd: '', shell: false }),
  ).toBe(`git commit -m 'it'\\''s done'`)
})

test('[S103] what a task is to do is told by its kind, and what is of no kind is none', () => {
  expect(TaskPayload.parse({ kind: 'bash', script: 'ls', more: 1 })).toEqual({ kind: 'bash', script: 'ls' })
  for (const strange of [{ kind: 'magic', command: 'ls' }, { command: 'ls' }, { kind: 'code', command: 'ls' }])
    expect(TaskPayload.safeParse(strange).success).toBe(false)
})
