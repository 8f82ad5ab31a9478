import { createId, type Task } from '@tandem/shared'
import { expect, test } from 'vitest'
import { claimable } from './queue.ts'

const me = { daemonId: createId(), capabilities: ['node'] }
const task = (title: string, more: Partial<Task> = {}): Task => ({
  v: 1, id: createId(), title, workspaceId: me.daemonId, executor: 'daemon', payload: { kind: 'command', command: title, args: [], cwd: '', shell: false },
  priority: 0, requires: [], onLost: 'keep', state: 'queued', attempt: 0, attempts: [], createdBy: me.daemonId, createdByName: 'Mira', createdAt: 0, ...more,
}) // prettier-ignore
const order = (tasks: Task[], now = 0) => claimable(tasks, me, now).map((t) => t.title)

test('[S107] the queue goes by priority, then age, then id', () => {
  const [a, b] = [task('a'), task('b')]
  expect(
    order([
      task('late', { createdAt: 9 }),
      b,
      task('high', { priority: 1, createdAt: 9 }),
      a,
      task('low', { priority: -1 }),
    ]),
  ).toEqual(['high', 'a', 'b', 'late', 'low'])
})

test('[S109] [TSK-20] a minute of waiting counts as one step of priority, so nothing starves', () => {
  const old = task('old', { priority: -2 })
  const young = task('young', { priority: 0, createdAt: 180_000 })
  expect(order([young, old], 180_000)).toEqual(['old', 'young'])
})

test('[S110] a task for others, of another state, or that wants what we have not, is left alone', () => {
  const tasks = [
    task('other', { target: { daemonId: createId() } }),
    task('gpu', { requires: ['gpu'] }),
    task('over', { state: 'failed' }),
  ]
  expect(order([...tasks, task('mine', { requires: ['node'], target: { daemonId: me.daemonId } })])).toEqual(['mine'])
})

test('[TSK-49] of one concurrency key only as many are asked for as there is room for', () => {
  const keyed = (title: string, key: string, limit: number, more: Partial<Task> = {}) =>
    task(title, { concurrency: { key, limit, onFull: 'queue' }, ...more })
  const tasks = [
    keyed('runs elsewhere', 'deploy', 2, { state: 'running', target: { daemonId: createId() } }),
    keyed('first', 'deploy', 2),
    keyed('second', 'deploy', 2),
    keyed('is over', 'build', 1, { state: 'completed' }),
    keyed('build', 'build', 1),
    task('plain'),
  ]
  expect(order(tasks)).toEqual(['first', 'build', 'plain'])
})
