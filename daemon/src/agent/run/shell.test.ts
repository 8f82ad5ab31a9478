import { createId, Task } from '@tandem/shared'
import { expect, test } from 'vitest'
import type { Execute, Outcome } from '../../tasks/execute.ts'
import { bashTool } from '../tools/bash.ts'
import { createRunShell } from './shell.ts'

const [id, by] = [createId(), createId()]
const task = Task.parse({
  ...{ id, workspaceId: by, title: 'x', state: 'running', attempt: 3, attempts: [], createdAt: 1 },
  ...{ createdBy: by, createdByName: 'Mira', payload: { kind: 'agent', prompt: 'x' } },
})
const context = { callId: 'c', signal: new AbortController().signal, note: async () => {} }

/** The tool over an execution that says this and ends so. */
function tool(outcome: Outcome, say: (onOutput: Parameters<Execute>[1]['onOutput']) => unknown = () => {}) {
  const asked: Parameters<Execute>[] = []
  const job = { killSignal: context.signal, onProcess: () => () => {}, onTerminal: () => {} }
  const execute: Execute = async (...args) => {
    asked.push(args)
    await say(args[1].onOutput)
    return outcome
  }
  return { asked, ...bashTool(createRunShell({ execute, task, job })) }
}

test('[S238] [S247] [AGT-123] lines run as a task of kind bash does, for the run, in a shell of its own', async () => {
  const bash = tool({ state: 'completed', result: { exitCode: 0 } }, (say) => say('stdout', Buffer.from('hé\n')))
  expect(await bash.run({ script: 'echo hé' }, context)).toMatchObject({
    text: 'hé\n',
    isError: false,
    details: { exitCode: 0, state: 'completed' },
  })
  const [given, io] = bash.asked[0] ?? []
  expect(given).toMatchObject({ id, attempt: 3, payload: { kind: 'bash', session: `run-${id}` } })
  expect(given?.payload).toMatchObject({ script: expect.stringMatching(/\necho hé$/) as string })
  expect(io?.timeoutMs).toBe(120_000)
})

test('[AGT-43] how it failed is said, with what came out; letters in two pieces stay whole, and the middle of too much goes', async () => {
  const bytes = Buffer.from('é')
  const bash = tool({ state: 'failed', result: { exitCode: 2, error: 'it ended with exit code 2' } }, (say) => {
    void say('stderr', bytes.subarray(0, 1))
    void say('stderr', bytes.subarray(1))
  })
  const failed = await bash.run({ script: 'x' }, context)
  expect(failed).toMatchObject({ text: 'é\n(it ended with exit code 2)', isError: true, details: { exitCode: 2 } })
  const silent = tool({ state: 'timed_out', result: {} })
  expect((await silent.run({ script: 'x' }, context)).text).toBe('(it ended as timed_out)')
  const large = tool({ state: 'completed', result: {} }, (say) => {
    for (let i = 0; i < 100; i++) void say('stdout', Buffer.from(`${i}`.padEnd(10_000, '.')))
  })
  const { text } = await large.run({ script: 'x' }, context)
  expect(text.length).toBeLessThan(401_000)
  expect(text).toContain('… 600000 characters left out …')
  expect(text.startsWith('0....')).toBe(true)
})
