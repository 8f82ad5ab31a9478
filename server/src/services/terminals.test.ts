import { createId, protocolVersion, TaskPayload, type Id } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import { testClient, testServer, type TestServer } from '../test-server.ts'

type Said = Record<string, unknown> & { t: string; n?: number }

/** Somebody who watches: what they say over their own requests document is answered by number. */
async function watcher(server: TestServer, key?: { role: string; scopes?: string[] }) {
  const session = createId()
  const as = key ? await signIn(server, session, key) : {}
  const client = await testClient(server, { session, ...as })
  const { provider, stateless } = await client.open({
    kind: 'requests',
    principal: as.principal ?? client.claims.principal,
    session,
  })
  let n = 0
  const says = async (message: object) => {
    const mine = ++n
    provider.sendStateless(JSON.stringify({ n: mine, ...message }))
    return vi.waitUntil(() => (stateless as Said[]).find((m) => m.n === mine), { timeout: 5_000, interval: 5 })
  }
  return { says, session, principal: as.principal ?? client.claims.principal }
}

async function signIn(
  server: TestServer,
  session: Id,
  key: object,
): Promise<{ principal?: Id; token?: () => Promise<string> }> {
  const made = await server.inWorkspace('/keys', { method: 'POST', body: JSON.stringify({ name: 'key', ...key }) })
  const { key: secret } = (await made.json()) as { key: string }
  const answer = await server.inWorkspace('/access-token', {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}` },
    body: JSON.stringify({ session }),
  })
  const { token, claims } = (await answer.json()) as { token: string; claims: { principal: Id } }
  return { principal: claims.principal, token: async () => token }
}

/** A daemon that was granted a task and says that it runs. */
async function runningTask(server: TestServer, payload: object = { terminal: { cols: 80, rows: 24 } }) {
  const id = createId()
  const client = await testClient(server, { daemon: { id, name: 'box', shared: true } })
  const { provider, stateless } = await client.open({ kind: 'daemon', daemonId: id })
  const send = (message: object) => provider.sendStateless(JSON.stringify(message))
  const hears = (match: object) =>
    vi.waitFor(() => {
      expect(stateless).toContainEqual(expect.objectContaining(match))
      return (stateless as Said[]).filter((m) => Object.entries(match).every(([k, v]) => m[k] === v))
    })
  send({ t: 'hello', protocol: protocolVersion, bootId: createId(), mono: 0, slots: 3, running: [], lastGrantSeq: 0 })
  await hears({ t: 'hello-ack' })
  const body = JSON.stringify({
    target: { daemonId: id },
    payload: TaskPayload.parse({ kind: 'command', command: 'bash', ...payload }),
  })
  const { id: task } = (await (await server.inWorkspace('/tasks', { method: 'POST', body })).json()) as { id: Id }
  send({ t: 'claim', n: 1, task, mono: 0 })
  await hears({ t: 'grant', task })
  const starts = async () => {
    send({ t: 'report', n: 2, task, attempt: 1, state: 'running' })
    await hears({ t: 'ack', n: 2 })
  }
  return { task, starts, hears, stateless: stateless as Said[] }
}

test('[TSK-90] what somebody types at a task’s terminal reaches its daemon, in order, with the session it comes from', async () => {
  const server = await testServer()
  const { task, starts, hears } = await runningTask(server)
  await starts()
  const { says, session, principal: by } = await watcher(server)
  const at = { task, attempt: 1 }
  expect(await says({ t: 'resize', ...at, size: { cols: 120, rows: 40 } })).toEqual({ t: 'heard', n: 1 })
  for (const data of ['l', 's', '\r']) expect(await says({ t: 'type', ...at, data })).toMatchObject({ t: 'heard' })
  expect(await hears({ t: 'resized' })).toEqual([{ t: 'resized', ...at, by, session, size: { cols: 120, rows: 40 } }])
  await vi.waitFor(async () => expect((await hears({ t: 'typed' })).map(({ data }) => data).join('')).toBe('ls\r'))
  expect(await hears({ t: 'typed', by, session })).toHaveLength(3)
  const { entries } = (await (await server.inWorkspace('/audit')).json()) as {
    entries: { action: string; object: string }[]
  }
  expect(entries.filter(({ action }) => action === 'task.type')).toMatchObject([{ object: task }])
})

test('[TSK-91] only a runner types, only at the terminal of the attempt that runs; whoever may not is told why', async () => {
  const server = await testServer()
  const { task, starts, stateless } = await runningTask(server)
  const { says } = await watcher(server)
  const plain = await runningTask(server, {})
  await plain.starts()
  const type = { t: 'type', task, attempt: 1, data: 'x' }
  expect(await says(type)).toMatchObject({ code: 'conflict', message: 'the task does not run: it is leased' })
  await starts()
  expect(await says({ ...type, attempt: 2 })).toMatchObject({ code: 'conflict' })
  expect(await says({ ...type, task: plain.task })).toMatchObject({ message: 'this task has no terminal' })
  expect(await says({ ...type, task: createId() })).toMatchObject({ code: 'not-found' })

  for (const key of [{ role: 'editor' }, { role: 'runner', scopes: ['read'] }]) {
    const other = await watcher(server, key)
    expect(await other.says(type)).toMatchObject({ code: 'forbidden', message: expect.stringContaining('role runner') })
  }
  expect(stateless.some(({ t }) => t === 'typed')).toBe(false)
})

test('[TSK-99] a task at a terminal that names no time has eight hours', async () => {
  const server = await testServer({ flags: { taskTimeoutMs: 5_000 } })
  const timeoutOf = async (payload: object, more: object = {}) => {
    const body = JSON.stringify({ payload: { kind: 'command', command: 'bash', ...payload }, ...more })
    const answer = await server.inWorkspace('/tasks', { method: 'POST', body })
    return ((await answer.json()) as { timeoutMs: number }).timeoutMs
  }
  const terminal = { cols: 80, rows: 24 }
  expect(await timeoutOf({})).toBe(5_000)
  expect(await timeoutOf({ terminal })).toBe(28_800_000)
  expect(await timeoutOf({ terminal }, { timeoutMs: 9_000 })).toBe(9_000)
})
