import { createHash } from 'node:crypto'
import { executionFile, type ExecutionResult, type Task } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import { playDaemon } from '../test-daemon.ts'
import { join, post } from '../test-people.ts'
import { testServer, type TestServer } from '../test-server.ts'

const execute = async (server: TestServer, body: object, address?: string) => {
  const answer = await (address === undefined
    ? server.inWorkspace('/execute', post(body))
    : server.api(address, post(body)))
  return { status: answer.status, said: (await answer.json()) as Record<string, unknown> }
}
/** The task that this asked for, once it is there. */
const asked = (server: TestServer, n = 1): Promise<Task> =>
  vi.waitFor(
    async () => {
      const { tasks } = (await (await server.inWorkspace('/tasks')).json()) as { tasks: Task[] }
      expect(tasks).toHaveLength(n)
      return tasks[0] as Task
    },
    { timeout: 10_000, interval: 5 },
  )
const done: ExecutionResult = {
  id: '0b0f1f5e-5f0e-4a6c-9d57-8f0f3a2d4c11',
  success: true,
  ranIn: 'isolate',
  output: 'hi\n',
  logs: [{ level: 'log', text: 'hi' }],
  errors: [],
  result: '{"a":[1]}',
}

test('[S153] [S158] code is a task, and its end the answer, at both addresses', async () => {
  const server = await testServer()
  const daemon = await playDaemon(server, 'one')
  const addresses = [undefined, '/execute']
  for (const [i, address] of addresses.entries()) {
    const answer = execute(
      server,
      { code: 'export default 1', language: 'typescript', modules: { 'a.ts': '' } },
      address,
    )
    const { id, payload, timeoutMs } = await asked(server, i + 1)
    expect(payload).toEqual({ kind: 'code', language: 'typescript', code: 'export default 1', modules: { 'a.ts': '' } })
    expect(timeoutMs).toBe(5_000)
    const attempt = await daemon.begin(id)
    await attempt.end('completed', { execution: done })
    expect(await answer).toEqual({ status: 200, said: { ...done, result: { a: [1] }, task: id } })
  }
})

test('[SBX-291] an execution that is too much for a record is answered whole, from where it lies', async () => {
  const server = await testServer()
  const daemon = await playDaemon(server, 'one')
  const whole = Buffer.from(JSON.stringify({ ...done, output: 'x'.repeat(50_000) }))
  const hash = createHash('sha256').update(whole).digest('hex')
  const put = { method: 'PUT', body: new Uint8Array(whole), headers: { 'content-type': 'application/octet-stream' } }
  await server.inWorkspace(`/blobs/${hash}?offset=0&size=${whole.length}&of=task`, put)
  const { result: _, ...short } = { ...done, output: '', logs: [], truncated: true }
  for (const [i, blob] of [hash, 'f'.repeat(64)].entries()) {
    const answer = execute(server, { code: '1' })
    const { id } = await asked(server, i + 1)
    const artifacts = [{ path: executionFile, blob, size: whole.length }]
    await (await daemon.begin(id)).end('completed', { execution: short, artifacts })
    // What is not there any more is said to be cut.
    const { said } = await answer
    expect(said).toMatchObject(blob === hash ? { result: { a: [1] } } : { truncated: true })
    expect(String(said['output'])).toHaveLength(blob === hash ? 50_000 : 0)
  }
})

test('[S151] python and shell are commands of the sandbox; what they wrote is told by stream', async () => {
  const server = await testServer()
  const daemon = await playDaemon(server, 'one')
  const answer = execute(server, { language: 'python', code: 'print(1)' })
  const { id, payload } = await asked(server)
  expect(payload).toMatchObject({ kind: 'command', command: 'python3', args: ['-c', 'print(1)'], shell: false })
  const attempt = await daemon.begin(id)
  await attempt.write('1\n')
  await attempt.write('\u001b[31mboom\u001b[0m\n', 2)
  await attempt.end('failed', { exitCode: 1, error: 'it ended with exit code 1' })
  expect(await answer).toMatchObject({
    status: 200,
    said: {
      success: false,
      ranIn: 'command',
      output: '1\nboom\n',
      logs: [
        { level: 'log', text: '1' },
        { level: 'error', text: 'boom' },
      ],
      errors: [{ category: 'runtime', message: 'it ended with exit code 1' }],
    },
  })
  for (const bad of [
    { modules: { 'a.py': '' } },
    { code: 'x'.repeat(40_000) },
    { language: 'cobol' },
    { timeoutMs: 1 },
  ])
    expect((await execute(server, { language: 'shell', code: 'ls', ...bad })).status).toBeGreaterThanOrEqual(413)
})

test('[S153] [SBX-291] what has not ended in time, or waits for a person, is answered with its task', async () => {
  const server = await testServer()
  const early = await execute(server, { code: '1', waitMs: 0 })
  expect(early).toMatchObject({ status: 202, said: { state: 'queued', reason: expect.stringContaining('daemon') } })
  const daemon = await playDaemon(server, 'one')
  const answer = execute(server, { code: '2' })
  const { id } = await asked(server, 2)
  daemon.say({ t: 'ask', n: 900, task: id, argsHash: 'h', summary: 's', reason: 'It asks.', risk: 'high' })
  expect(await answer).toMatchObject({ status: 202, said: { task: id, state: 'awaiting_approval' } })
})

test('[S168] what never ran is an answer all the same, with the category of why', async () => {
  const server = await testServer()
  const daemon = await playDaemon(server, 'one')
  const refused = async (n: number, code: string) => {
    const answer = execute(server, { code: '1' })
    const { id } = await asked(server, n)
    daemon.say({ t: 'refuse', n: 900 + n, task: id, code, reason: 'not here' })
    return (await answer).said
  }
  const table = [
    ['command-denied', 'denied'],
    ['sandbox-unavailable', 'denied'],
    ['not-supported', 'unknown'],
  ] as const
  for (const [i, [code, category]] of table.entries())
    expect(await refused(i + 1, code)).toMatchObject({ success: false, errors: [{ category, message: 'not here' }] })
})

test('[S153] only who may run things may execute, with a key that is for it', async () => {
  const server = await testServer()
  const anna = await join(server, 'editor', 'Anna')
  expect((await execute(anna, { code: '1' })).status).toBe(403)
  expect((await execute(anna, { code: '1' }, '/execute')).status).toBe(403)
  const nobody = await fetch(`${server.url}/execute`, { method: 'POST', body: JSON.stringify({ code: '1' }) })
  expect(nobody.status).toBe(401)
})
