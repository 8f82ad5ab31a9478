import { createId, systemClock } from '@tandem/shared'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createFetch } from '../egress/fetch.ts'
import { createIsolate } from '../isolate/isolate.ts'
import { defaultIsolateLimits } from '../sandbox/isolate-limits.ts'
import { defaultPolicy, Policy } from '../sandbox/policy.ts'
import { createNodeGuests } from '../isolate/run-node.ts'
import { createCells, createUnsafeCells } from '../sandbox/cell.ts'
import { createBed, type Bed } from '../sandbox/fixture.ts'
import { commandIdentity } from '../sandbox/identity.ts'
import { whereReduced } from '../sandbox/where-reduced.suite.ts'
import { createReducedCells } from '../sandbox/reduced-cell.ts'
import { code, nodePrograms } from './code-programs.suite.ts'
import { describeExecutor } from './executor.suite.ts'
import type { Executor } from './execute.ts'
import { codeExecutor } from './run-code.ts'
import { createVirtual } from './virtual.ts'

vi.setConfig({ testTimeout: 60_000 })

const programs = nodePrograms()

const stops: AbortController[] = []
afterAll(() => stops.forEach((stop) => stop.abort()))

const web = createServer((_, answer) => void answer.writeHead(200, { 'x-one': '1' }).end('fetched'))
const webUrl = () => `http://web.example:${(web.address() as AddressInfo).port}`
beforeAll(() => new Promise<void>((done) => web.listen(0, '127.0.0.1', done)))
afterAll(() => web.close())

function executorOf({ runner, probe, workspace }: Bed, graceMs = 10_000, owner: Policy = defaultPolicy): Executor {
  const stop = new AbortController()
  stops.push(stop)
  const identity = commandIdentity(workspace)
  const walled = probe.walls ? createCells(probe.walls, identity) : createUnsafeCells(stop.signal)
  const startCell = probe.reduced ? createReducedCells(probe.reduced, identity, stop.signal) : walled
  const limits = { ...defaultIsolateLimits, cpuMs: 2_000 }
  const policyNow = () => ({ ...owner, isolate: limits, limits: { ...owner.limits, graceMs } })
  const none = () => Promise.reject(new Error('there are no programs here'))
  return codeExecutor({
    isolate: createIsolate({ startCell, limits, history: '', clock: systemClock, signal: stop.signal }),
    node: createNodeGuests({ runner, workspace }),
    policyNow,
    tier: runner.tier,
    virtual: createVirtual({ project: undefined, command: none, policyNow, clock: systemClock }),
    fetchFor: async () =>
      createFetch({
        reach: { allow: [`${webUrl()}/`], deny: [], methods: ['GET'], allowPrivate: ['web.example'], ports: [] },
        clock: systemClock,
        record: () => {},
        resolve: async () => ['127.0.0.1'],
      }),
  }) as Executor
}

const describeBehind = (how: string, walls: { reduced?: boolean; unsafe?: boolean }) =>
  describeExecutor('code', how, async (graceMs) => {
    const bed = await createBed({ ...walls, limits: { graceMs } })
    return { executor: executorOf(bed, graceMs), workspace: bed.workspace, programs, remove: bed.remove }
  })
describeBehind('behind walls', {})
whereReduced(() => describeBehind('behind reduced walls', { reduced: true }))
describeBehind('without walls', { unsafe: true })

/** Each is opened once: to find out what the walls hold takes a while. */
const beds = new Map<boolean, Promise<{ bed: Bed; executor: Executor }>>()
afterAll(async () => (await Promise.all(beds.values())).forEach(({ bed }) => bed.remove()))

async function open({ unsafe = false, policy }: { unsafe?: boolean; policy?: Policy } = {}) {
  const opening = beds.get(unsafe) ?? createBed({ unsafe }).then((bed) => ({ bed, executor: executorOf(bed) }))
  beds.set(unsafe, opening)
  const { bed, executor: usual } = await opening
  const executor = policy ? executorOf(bed, 0, policy) : usual
  const run = async (
    text: string,
    { timeoutMs = 60_000, ...more }: { timeoutMs?: number; language?: string; modules?: object; runner?: string } = {},
  ) => {
    const said = { stdout: '', stderr: '' }
    const outcome = await executor({
      task: { id: createId(), attempt: 1 },
      payload: code(text, more),
      timeoutMs,
      onOutput: (stream, bytes) => void (said[stream] += new TextDecoder().decode(bytes)),
      signal: new AbortController().signal,
      killSignal: new AbortController().signal,
      onProcess: () => () => {},
      onTerminal: () => {},
    })
    return { ...outcome, said }
  }
  return { bed, run }
}

test.each([
  ['behind walls', false],
  ['without walls', true],
])(
  '[S147] [S149] [S158] code in the isolate, %s: its result, its console by level, as it comes and in the end',
  async (_, unsafe) => {
    const { run } = await open({ unsafe })
    const ran = await run(
      `export default async (env: { ECHO: any }): Promise<number> => {
      console.log('one'); console.warn('two'); console.debug({ three: 3 })
      return (await env.ECHO.info()).bindings.length
    }`,
      { language: 'typescript' },
    )
    expect(ran).toMatchObject({
      state: 'completed',
      result: {
        exitCode: 0,
        sandbox: unsafe ? 'none' : 'full',
        execution: {
          success: true,
          ranIn: 'isolate',
          result: '4',
          errors: [],
          output: 'one\nwarn: two\ndebug: {"three":3}\n',
          logs: [
            { level: 'log', text: 'one' },
            { level: 'warn', text: 'two' },
            { level: 'debug', text: '{"three":3}' },
          ],
        },
      },
      said: { stdout: 'one\ndebug: {"three":3}\n', stderr: 'warn: two\n' },
    })
  },
)

test('[S226] [S230] [S232] [SBX-282] code fetches what it may, wherever it runs, and is told why where it may not', async () => {
  const { run } = await open()
  for (const start of ['', `import 'node:os'\n`]) {
    const { result } = await run(`${start}export default async ({ FETCH }) => {
      const { status, body, headers } = await FETCH.get('${webUrl()}/a?b')
      const refused = await FETCH.fetch('http://127.0.0.1:1/').catch((e) => e.message)
      const posted = await FETCH.fetch('${webUrl()}/', { method: 'POST' }).catch((e) => e.message)
      return [status, body, headers['x-one'], refused, posted, (await FETCH.getLog()).map(({ url }) => url)]
    }`)
    expect(result.execution).toMatchObject({ success: true, ranIn: start ? 'node' : 'isolate' })
    expect(JSON.parse(result.execution?.result ?? '')).toEqual([
      200,
      'fetched',
      '1',
      expect.stringContaining('URL_NOT_ALLOWED: http://127.0.0.1:1/ is not allowed'),
      expect.stringContaining('METHOD_NOT_ALLOWED: POST is not allowed'),
      [`${webUrl()}/a`, 'http://127.0.0.1:1/', `${webUrl()}/`],
    ])
  }
})

test('[S148] [S165] [S166] [S168] a failure in the isolate is the task’s, in words and by category', async () => {
  const { run } = await open()
  const table = [
    ['\nnull.x', {}, 'failed', 'runtime', /^main:2:\d+: TypeError: /],
    ['let x =', {}, 'failed', 'syntax', /^main:\d.*SyntaxError: /],
    ['for (;;);', {}, 'timed_out', 'timeout', /computed for more than 2 s/],
    [
      'export default new Promise((done) => setTimeout(done, 1e8))',
      { timeoutMs: 400 },
      'timed_out',
      'timeout',
      /within 0.4 s/,
    ],
    ['export default "x".repeat(1e9)', {}, 'failed', 'memory', /./],
  ] as const
  for (const [text, more, state, category, words] of table) {
    const ran = await run(text, more)
    expect([text, ran]).toMatchObject([
      text,
      { state, result: { error: expect.stringMatching(words), execution: { success: false, errors: [{ category }] } } },
    ])
  }
})

test.each([
  ['behind walls', false],
  ['without walls', true],
])(
  '[S170] [SBX-290] what an isolate cannot do runs as Node beside the project, %s, by the same contract',
  async (_, unsafe) => {
    const { bed, run } = await open({ unsafe })
    mkdirSync(join(bed.workspace, 'node_modules', 'twice'), { recursive: true })
    writeFileSync(join(bed.workspace, 'node_modules/twice/index.js'), 'module.exports = (n) => n * 2')
    writeFileSync(join(bed.workspace, 'own.mjs'), 'export const own = 1')
    const ran = await run(
      `import twice from 'twice'
     import { own } from './own.mjs'
     import { one } from './lib/one.ts'
     import { sep } from 'node:path'
     enum N { Twenty = 20 }
     export default async (env: any) => {
       console.info('sum', { one })
       process.stdout.write('raw\\n')
       return [twice(N.Twenty) + own + one, sep, await env.ECHO.ping(), process.env.TANDEM_CHANNEL ?? 'no']
     }`,
      { language: 'typescript', modules: { 'lib/one.ts': 'export const one: number = 1' } },
    )
    expect(ran).toMatchObject({
      state: 'completed',
      result: { exitCode: 0, execution: { ranIn: 'node', success: true, result: '[42,"/","pong","no"]' } },
    })
    expect(ran.said.stdout).toContain('raw\n')
    expect(ran.said.stdout).toContain('info: sum {"one":1}\n')
  },
)

test('[S164] [S170] Node’s errors have their place in the source too', async () => {
  const { run } = await open()
  const errorOf = async (text: string, more: object = {}) => (await run(text, more)).result.execution?.errors[0]
  const node = `import 'node:fs'\n`
  expect(await errorOf(`${node}\nnull.x`)).toMatchObject({
    category: 'runtime',
    name: 'TypeError',
    module: 'main',
    line: 3,
  })
  expect(await errorOf(`${node}let x =\n  foo bar`)).toMatchObject({ category: 'syntax', module: 'main', line: 3 })
  expect(
    await errorOf(`import './lib.ts'\n${node}`, {
      language: 'typescript',
      modules: { 'lib.ts': 'enum A { B }\n\nthrow new RangeError(`far ${A.B}`)' },
    }),
  ).toMatchObject({ category: 'runtime', name: 'RangeError', message: 'far 0', module: 'lib.ts', line: 3 })
  expect(await errorOf(`import 'no-such-package'`)).toMatchObject({
    message: expect.stringContaining('no-such-package'),
  })
})

test('[S171] where there are no containers they are refused in words', async () => {
  const { run } = await open()
  expect(await run('export default 1', { runner: 'container' })).toMatchObject({
    state: 'failed',
    result: { code: 'not-supported', error: expect.stringContaining('no containers here') },
  })
  // Who asks for the isolate gets it, with what that does not have.
  const alone = await run(`import 'node:fs'`, { runner: 'isolate' })
  expect(alone.result.execution).toMatchObject({
    ranIn: 'isolate',
    errors: [{ message: expect.stringContaining('node:fs') }],
  })
})

test('[S157] [S155] the harness is the same in the isolate and in Node: what code gets, says and gives; each run has its own id', async () => {
  const { run } = await open()
  const text = `export default async (env) => {
    console.info('a', 1, [undefined, null], { b: () => 1 }, new Map())
    const failed = await env.FS.readFile('/none').catch((e) => e.message)
    await env.FS.writeFile('/home/x', 'y')
    return { names: Object.keys(env), frozen: Object.isFrozen(env.FS), failed, x: await env.FS.readFile('/home/x') }
  }`
  const [one, two] = [await run(text, { runner: 'isolate' }), await run(text, { runner: 'node' })]
  const [first, second] = [one.result.execution, two.result.execution]
  expect(first).toMatchObject({ ranIn: 'isolate', success: true })
  expect(second).toMatchObject({ ranIn: 'node', success: true })
  expect({ ...second, id: first?.id, ranIn: 'isolate' }).toEqual(first)
  expect(first?.id).not.toBe(second?.id)
})

test('[SBX-298] code as Node has what the policy leaves to commands: its limits, and the folder to look at alone where that is so', async () => {
  const policy = Policy.parse({ commands: { mode: 'plan', look: ['node *'] }, limits: { maxWallMs: 700 } })
  const { bed, run } = await open({ policy })
  const writes = await run(`import { writeFileSync } from 'node:fs'\nwriteFileSync('made.txt', '')`)
  expect(writes.result.execution?.errors).toMatchObject([{ message: expect.stringContaining('EROFS') }])
  expect(existsSync(join(bed.workspace, 'made.txt'))).toBe(false)
  expect(await run(`import 'node:fs'\nfor (;;);`)).toMatchObject({ state: 'timed_out' })
})
