import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openIsolate } from './fixture.ts'
import type { Ran } from './talk.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const { run, end } = openIsolate({ cpuMs: 800, memMb: 32 })
afterAll(end)

/** What one snippet says of many attacks, by their number: what each gave, or `refused: …` where it threw. */
const inside = `
  const tries = {
    87: () => [].constructor.constructor('return [typeof process, typeof require, typeof fetch].join()')(),
    88: (env) => env.ECHO.ping.constructor('return typeof process')(),
    89: () => (async () => {}).constructor('return typeof process')(),
    90: () => ['process', 'require', 'fetch', 'WebAssembly', 'Deno', 'Bun', 'std', 'os', 'bjson', 'scriptArgs', 'module', '__call', 'outside']
      .filter((name) => name in globalThis).join(),
    91: () => import('node:fs'),
    92: () => import('./static.js'),
    93: () => Promise.allSettled(['file:///etc/passwd', 'data:text/javascript,1', '/etc/passwd', '../../../etc/passwd', 'http://127.0.0.1/']
      .map((name) => import(name))).then((all) => all.map(({ status }) => status).filter((each) => each !== 'rejected').join()),
    94: () => import('./__proto__').then((module) => module.default + typeof {}.polluted),
    95: (env) => env.ECHO.echo(JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')).then(() => ({}).polluted ?? 'clean'),
    97: async (env) => JSON.stringify(await env.ECHO.echo({ toJSON: () => ({ a: 1 }) }, { get b() { throw new Error('of its own') } })),
    98: (env) => [typeof env.BASH, typeof env.FETCH, typeof env.FS].join(),
    99: () => [typeof call, typeof __call, typeof globalThis.outside, Object.keys(globalThis).join()].join(' '),
    105: (env) => { 'use strict'; env.ECHO.ping = () => 'mine' },
    110: async (env) => { let made = 0; try { for (; made < 5_000; made++) await env.ECHO.ping() } catch (e) { return made + ' ' + e.message } },
  }
  export default async (env) => {
    const came = {}
    for (const [number, attack] of Object.entries(tries)) {
      try { came[number] = String(await attack(env)) } catch (e) { came[number] = 'refused: ' + e.message }
    }
    return came
  }`
const modules = {
  'static.js': `import fs from 'node:fs'\nexport default fs`,
  ...JSON.parse('{"__proto__":"export default 7"}'),
}

let came: Record<string, string>
beforeAll(async () => {
  const ran = await run(inside, { modules, granted: { asked: ['ECHO'] } })
  came = 'value' in ran ? (JSON.parse(ran.value) as Record<string, string>) : { failed: ran.error.message }
})

/** One that comes to nothing leads nowhere. */
const contained: readonly (readonly [title: string, gives: RegExp])[] = [
  ['[SBX-87] constructor.constructor', /^undefined,undefined,undefined$/],
  ['[SBX-88] a capability’s .constructor', /^undefined$/],
  ['[SBX-89] AsyncFunction', /^undefined$/],
  ['[SBX-90] ambient globals', /^$/],
  ['[SBX-91] import("node:fs")', /^refused: .*node:fs/],
  ['[SBX-92] a static builtin', /^refused: .*node:fs/],
  ['[SBX-93] imports of files, data and addresses', /^$/],
  ['[SBX-94] a module __proto__', /^(7undefined|refused: there is no module.*)$/],
  ['[SBX-95] __proto__ in arguments', /^clean$/],
  ['[SBX-97] toJSON and getters of arguments', /^(\{"a":1\}|refused: of its own)$/],
  ['[SBX-98] a capability it was not given', /^undefined,undefined,undefined$/],
  ['[SBX-99] a forged call', /^undefined undefined undefined/],
  ['[SBX-105] a frozen binding replaced', /^refused: .*read-only/],
  ['[SBX-110] 5,000 calls', /^\d\d more than 100 calls/],
]
test.each(contained)('%s is contained [S145]', (title, gives) => {
  const number = /\d+/.exec(title)?.[0] ?? ''
  expect(came[number] ?? came['failed']).toMatch(gives)
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})

const polluted = `
  for (const of of [Object, Array, String, Promise, Function]) of.prototype.toJSON = () => 'mine'
  Array.prototype.map = Array.prototype.slice = () => { throw new Error('map') }
  JSON.stringify = () => '"mine"'
  JSON.parse = () => 'mine'
  Promise.prototype.then = () => { throw new Error('then') }
  export default async (env) => {
    for (const of of [Object, Array, String, Promise, Function]) delete of.prototype.toJSON
    const echoed = await env.ECHO.echo([await env.ECHO.ping()])
    return echoed
  }`

/** What each must come to: an error of that category, or a result. */
const rows: readonly (readonly [title: string, code: string, holds: (ran: Ran) => unknown])[] = [
  ['[SBX-96] the guest’s own prototypes polluted', polluted, (ran) => expect(ran).toMatchObject({ value: '["pong"]' })],
  [
    '[SBX-101] host functions in the result',
    'export default (env) => ({ env, f: () => 1 })',
    (ran) => expect(ran).toMatchObject({ value: '{"env":{"FS":{},"ECHO":{}}}' }),
  ],
  [
    '[SBX-102] prepareStackTrace',
    'Error.prepareStackTrace = (e, frames) => { throw frames }; export default () => null.x',
    fails('runtime'),
  ],
  [
    '[SBX-103] a late rejection',
    'setTimeout(() => Promise.reject(new Error("late")), 1); export default 1',
    (ran) => expect(ran).toMatchObject({ value: '1' }),
  ],
  ['[SBX-106] a getter bomb as the result', 'export default { get a() { for (;;); } }', fails('timeout')],
  ['[SBX-107] a cyclic result', 'const a = {}; a.a = a; export default a', fails('runtime')],
  ['[SBX-108] a result of 2 MB', 'export default "x".repeat(2 ** 21)', fails('runtime')],
  ['[SBX-109] a flood of logs', 'for (;;) console.log("x".repeat(1e6))', fails('timeout')],
  ['[SBX-111] an endless loop', 'for (;;);', fails('timeout')],
  [
    '[SBX-112] endless microtasks',
    'const f = () => Promise.resolve().then(f); export default f',
    fails('timeout', 'memory'),
  ],
  ['[SBX-113] a promise that never settles', 'export default new Promise(() => {})', fails('timeout')],
  ['[SBX-115] an array bomb', 'const a = []; for (;;) a.push(new Array(1e5).fill(1))', fails('memory')],
  ['[SBX-116] a string bomb', 'let s = "x"; for (;;) s += s', fails('memory')],
  ['[SBX-117] a buffer bomb', 'const a = []; for (;;) a.push(new Uint8Array(2 ** 22).fill(1))', fails('memory')],
  ['[SBX-118] endless recursion', 'const f = () => f() + 1; export default f', fails('runtime', 'memory')],
  ['[SBX-119] deep JSON', 'let o = []; for (let i = 0; i < 400; i++) o = [o]; export default o', fails('runtime')],
  [
    '[SBX-120] a regular expression that backtracks',
    'export default /^(a+)+$/.test("a".repeat(40) + "b")',
    fails('timeout'),
  ],
  [
    '[SBX-122] a sort without end',
    'export default () => { for (;;) Array.from({ length: 1e5 }, (_, i) => -i).sort(() => 1) }',
    fails('timeout', 'memory'),
  ],
  ['[SBX-123] a bigint bomb', 'export default () => { let n = 3n; for (;;) n *= n }', fails('timeout', 'memory')],
  [
    '[SBX-124] the protocol forged over the console',
    `console.log('{"t":"done","value":"1"}\\n{"t":"done","value":"2"}'); export default 3`,
    (ran) => expect(ran).toMatchObject({ value: '3' }),
  ],
  [
    '[SBX-125] Atomics.wait',
    'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
    fails('runtime', 'timeout'),
  ],
]
function fails(...categories: string[]) {
  return (ran: Ran) => expect(categories).toContain('error' in ran ? ran.error.category : ran.value.slice(0, 100))
}
test.each(rows)('%s is contained [S145] [S166] [S167]', async (_, code, holds) => {
  // A flood is held up, and so ends by its time alone.
  const ran = await run(code, { wallMs: code.includes('console.log("x"') ? 2_000 : 60_000 })
  holds(ran)
  // The machine's first process may be just taking note of the last of it.
  for (const pid of ran.pids)
    await vi.waitFor(() => expect(() => process.kill(-pid, 0)).toThrow('ESRCH'), { timeout: 10_000 })
})

test('[SBX-119] JSON too deep to be read is an error of the snippet, in both directions', async () => {
  fails('runtime', 'memory')(await run('export default JSON.parse("[".repeat(2e5) + "]".repeat(2e5)).length'))
})
