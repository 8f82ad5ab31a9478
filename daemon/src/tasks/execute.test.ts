import { createId, TandemError, TaskPayload, type Task } from '@tandem/shared'
import { expect, test } from 'vitest'
import { createExecute, type Executor, type Job } from './execute.ts'

const task = (payload: object): Task => ({
  v: 1, id: createId(), title: 't', workspaceId: createId(), executor: 'daemon', payload: TaskPayload.parse(payload), priority: 0, requires: [],
  onLost: 'keep', state: 'leased', attempt: 3, attempts: [], createdBy: createId(), createdByName: 'Mira', createdAt: 0,
}) // prettier-ignore
const job = (more: Partial<Job> = {}): Job & { task: never; payload: never } =>
  ({
    timeoutMs: 1_000,
    onOutput: () => {},
    signal: new AbortController().signal,
    killSignal: new AbortController().signal,
    onProcess: () => () => {},
    onTerminal: () => {},
    ...more,
  }) as never
const command = { kind: 'command', command: 'ls' }

test('[TSK-83] what a daemon cannot run yet is said in words, for every other kind of task', async () => {
  const execute = createExecute({})
  for (const payload of [
    { kind: 'bash', script: 'ls' },
    { kind: 'code', language: 'javascript', code: '1' },
    { kind: 'agent', prompt: 'hello' },
  ]) {
    const error = `tasks of kind '${payload.kind}' come with a later version`
    expect(await execute(task(payload), job())).toEqual({ state: 'failed', result: { code: 'not-supported', error } })
  }
})

test('[TSK-83] an executor that throws is an outcome that says why; one that is not to begin is not asked', async () => {
  const asked: unknown[] = []
  const breaks: Executor<'command'> = async ({ task }) => {
    asked.push(task)
    throw new TandemError('not-found', { reason: 'the working folder does not exist' })
  }
  const execute = createExecute({ command: breaks })
  const one = task(command)
  expect(await execute(one, job())).toEqual({
    state: 'failed',
    result: { code: 'not-found', error: 'the working folder does not exist' },
  })
  expect(asked).toEqual([{ id: one.id, attempt: 3 }])
  for (const over of [{ signal: AbortSignal.abort() }, { killSignal: AbortSignal.abort() }])
    expect(await execute(one, job(over))).toEqual({ state: 'cancelled', result: {} })
  expect(asked).toHaveLength(1)
})
