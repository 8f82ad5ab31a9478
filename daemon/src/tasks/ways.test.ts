import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createId, createLog, systemClock, TaskPayload } from '@tandem/shared'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createBed, type Bed } from '../sandbox/fixture.ts'
import { Policy } from '../sandbox/policy.ts'
import { createPolicyNow, repositoryPolicyFile } from '../sandbox/repository-policy.ts'
import { commandExecutor } from './run-command.ts'
import { createWays } from './ways.ts'

vi.setConfig({ testTimeout: 60_000 })

let bed: Bed
let port: number
let answering: RequestListener
const server = createServer((asked, answer) => answering(asked, answer))
beforeAll(async () => {
  bed = await createBed()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  bed?.remove()
})

function open(policy: object, environment: NodeJS.ProcessEnv = {}, runner = bed.runner) {
  const lines: Record<string, unknown>[] = []
  const log = createLog({ write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) })
  const resolve = async (name: string) => (name.endsWith('.example') ? ['127.0.0.1'] : [])
  const ways = createWays({ workspace: bed.workspace, environment, clock: systemClock, log, resolve })
  const policyNow = createPolicyNow(bed.workspace, Policy.parse({ ...policy, limits: bed.policy.limits }))
  const executor = commandExecutor({ ...bed, runner, policyNow, ways })
  const run = async (payload: object) => {
    let text = ''
    const task = { id: createId(), attempt: 1 }
    const outcome = await executor({
      task,
      payload: TaskPayload.parse({ kind: 'command', shell: true, ...payload }) as never,
      timeoutMs: 50_000,
      onOutput: (_, bytes) => void (text += new TextDecoder().decode(bytes)),
      signal: new AbortController().signal,
      killSignal: new AbortController().signal,
      onProcess: () => () => {},
      onTerminal: () => {},
    })
    return { ...outcome, text, task }
  }
  return { run, ways, lines, policyNow }
}
const get = (url: string) =>
  `node -e 'fetch("${url}").then(async (r) => console.log(r.status, await r.text()), (e) => { console.log(e.cause?.message); process.exitCode = 1 })'`

test('[SBX-280] [S229] a task reaches the hosts it named, what it was refused is said with its end, and all of it is logged', async () => {
  answering = (_, answer) => void answer.end('hello')
  const { run, lines } = open({ network: { allowPrivate: ['*.example'] } })
  const network = [`a.example:${port}`]
  expect(await run({ command: get(`http://a.example:${port}/`), network })).toMatchObject({
    state: 'completed',
    text: '200 hello\n',
  })
  const refused = await run({ command: get(`http://b.example:${port}/`), network })
  expect(refused).toMatchObject({
    state: 'failed',
    result: {
      wantedNetwork: true,
      refusedHosts: [`b.example:${port}`],
      error: `it ended with exit code 1; it was refused the way to b.example:${port}`,
    },
  })
  const none = await run({ command: get(`http://a.example:${port}/`) })
  expect(none.state).toBe('failed')
  expect(lines.filter(({ msg }) => msg === 'egress')).toEqual([
    expect.objectContaining({
      url: `a.example:${port}`,
      status: 200,
      attempt: 1,
      durationMs: expect.any(Number),
      receivedBytes: expect.any(Number),
    }),
    expect.objectContaining({ url: `b.example:${port}`, code: 'URL_NOT_ALLOWED', task: refused.task.id }),
  ])
})

test('[SBX-281] the registry of npm is the one its owner configured, wherever that is; commands given it are told', async () => {
  answering = ({ url, headers }, answer) => {
    expect(headers.authorization).toBe(undefined)
    answer.setHeader('content-type', 'application/json')
    answer.end(
      JSON.stringify({
        name: url?.slice(1),
        'dist-tags': { latest: '4.2.0' },
        versions: { '4.2.0': { name: 'x', version: '4.2.0' } },
      }),
    )
  }
  // What stands in the folder served decides nothing, neither a configuration nor a program.
  writeFileSync(join(bed.workspace, '.npmrc'), 'registry=http://evil.example/\n')
  mkdirSync(join(bed.workspace, 'bin'))
  writeFileSync(join(bed.workspace, 'bin/npm'), '#!/bin/sh\necho http://evil.example/\n', { mode: 0o755 })
  const environment = {
    PATH: `${join(bed.workspace, 'bin')}:${process.env['PATH']}`,
    HOME: bed.home,
    npm_config_registry: `http://127.0.0.1:${port}/`,
  }
  const { run } = open({ network: { commands: { standing: { 'npm view *': ['@npm'] } } } }, environment)
  expect(await run({ command: 'npm view left-pad version' })).toMatchObject({ state: 'completed', text: '4.2.0\n' })
  expect((await run({ command: 'npm config get registry', network: ['@npm'] })).text).toBe(
    `http://127.0.0.1:${port}/\n`,
  )
  expect((await run({ command: 'npm view left-pad version; true', shell: true })).text).not.toContain('4.2.0')
  // npm keeps an address with a password to itself: that is said, and nothing is run instead.
  const kept = open({}, { ...environment, npm_config_registry: 'http://me:secret@127.0.0.1/' })
  await expect(kept.run({ command: 'npm ci', network: ['@npm'] })).rejects.toThrow('npm does not say which registry')
})

test('[SBX-278] [SBX-271] what the repository’s file says holds for the next command, which cannot change it', async () => {
  const { run } = open({})
  const file = join(bed.workspace, repositoryPolicyFile)
  writeFileSync(file, JSON.stringify({ commands: { mode: 'plan' }, limits: { fileMb: 1 } }))
  expect(await run({ command: 'echo x > made' })).toMatchObject({
    state: 'failed',
    text: expect.stringContaining('Read-only'),
  })
  writeFileSync(file, JSON.stringify({ limits: { fileMb: 1 } }))
  expect((await run({ command: 'head -c 2000000 /dev/zero > big' })).state).toBe('failed')
  expect((await run({ command: `echo '{}' > ${repositoryPolicyFile}` })).text).toContain('Read-only')
  const { runner, remove } = await createBed({ unsafe: true })
  const unsafely = open({ commands: { mode: 'plan' } }, {}, runner)
  await expect(unsafely.run({ command: 'ls' })).rejects.toThrow('nothing keeps a command from writing')
  remove()
  writeFileSync(file, '{')
  await expect(run({ command: 'ls' })).rejects.toThrow('tandem.policy.json is not JSON')
})

test('[SBX-282] [S226] [S227] code fetches what the owner allows, each execution with a log of its own, and a plan nothing', async () => {
  answering = (_, answer) => void answer.end('hello')
  const allow = [`http://a.example:${port}/`]
  const { ways, lines } = open({})
  const policy = Policy.parse({ network: { allow, allowPrivate: ['a.example'] } })
  const task = { id: createId(), attempt: 1 }
  const [one, two] = [await ways.forCode(task, policy), await ways.forCode(task, policy)]
  expect(await one.get(`${allow[0]}x`)).toMatchObject({ answer: { status: 200 } })
  expect(await two.get('http://b.example/')).toMatchObject({ problem: { code: 'URL_NOT_ALLOWED' } })
  expect([one.getLog().length, two.getLog().length]).toEqual([1, 1])
  expect(one.getConfig()).toMatchObject({ allow, methods: ['GET', 'HEAD', 'OPTIONS'] })
  expect(lines).toHaveLength(2)
  const plan = await ways.forCode(task, { ...policy, commands: { ...policy.commands, mode: 'plan' } })
  expect(await plan.get(`${allow[0]}x`)).toMatchObject({ problem: { code: 'URL_NOT_ALLOWED' } })
  // By default also the registry that npm is configured with.
  const configured = { PATH: process.env.PATH, npm_config_registry: 'http://packages.example/' }
  const usual = await open({}, configured).ways.forCode(task, Policy.parse({}))
  expect(usual.getConfig().allow.map((url) => new URL(url).hostname)).toEqual(
    expect.arrayContaining(['github.com', 'cdn.jsdelivr.net', 'unpkg.com', 'packages.example']),
  )
  await usual.close()
  await Promise.all([one, two, plan].map(({ close }) => close()))
})
