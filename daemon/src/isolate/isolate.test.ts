import { afterAll, expect, test, vi } from 'vitest'
import { openIsolate } from './fixture.ts'

vi.setConfig({ testTimeout: 60_000 })
const { run, end } = openIsolate()
afterAll(end)

test('[S154] [S150] [S149] a default that is called with env: its result as JSON, the console by level', async () => {
  const ran = await run(`
    export default async (env) => {
      console.log('hi', { a: 1 }, [undefined])
      console.warn('careful')
      console.error(new TypeError('bad'))
      return { names: Object.keys(env), ping: await env.ECHO.ping() }
    }`)
  expect(ran).toMatchObject({ value: '{"names":["FS","ECHO"],"ping":"pong"}' })
  expect(ran.logs.map(({ level }) => level)).toEqual(['log', 'warn', 'error'])
  expect(ran.logs[0]?.text).toBe('hi {"a":1} [null]')
  expect(ran.logs[2]?.text).toContain('TypeError: bad')
  expect(await run('export default 6 * 7')).toMatchObject({ value: '42' })
  expect(await run('export const a = 1')).toMatchObject({ value: 'null' })
})

test('[S152] modules import each other by relative names, also as TypeScript writes them', async () => {
  const modules = {
    'lib/sum.ts': `import { one } from '../one.js'\nexport const sum = (a: number): number => a + one`,
    'one.ts': 'enum N { One = 1 }\nexport const one: number = N.One',
  }
  const code = `import { sum } from './lib/sum'\nexport default (): number => sum(41)`
  expect(await run(code, { language: 'typescript', modules })).toMatchObject({ value: '42' })
  // Prepared by now: no types are left that a process would have to read.
  expect(await run(code, { language: 'typescript', modules })).toMatchObject({ value: '42' })
})

test('[S164] [S165] an error has its category, and its place in the source as it was given', async () => {
  const table = [
    ['let x =\n  foo bar', {}, { category: 'syntax', module: 'main', line: 2 }],
    ['let x: = 1', { language: 'typescript' }, { category: 'syntax', module: 'main', line: 1, column: 8 }],
    [
      '\nexport default () => {\n  const o = {}\n  return o.x.y\n}',
      {},
      { category: 'runtime', name: 'TypeError', module: 'main', line: 4 },
    ],
    [
      `enum E { A }\n\nexport default (): number => {\n  const x: any = null\n  return x.y\n}`,
      { language: 'typescript' },
      { category: 'runtime', name: 'TypeError', module: 'main', line: 5 },
    ],
    [
      `import { boom } from './lib.ts'\nexport default boom`,
      { modules: { 'lib.ts': '\nexport const boom = () => {\n  throw new RangeError("too far")\n}' } },
      { category: 'runtime', name: 'RangeError', message: 'too far', module: 'lib.ts', line: 3 },
    ],
    ['export default () => { throw "words" }', {}, { category: 'runtime', message: 'words' }],
    ['export default <div/>', {}, { category: 'syntax', message: expect.stringContaining('JSX') }],
    [
      'export default <div/>',
      { language: 'typescript' },
      { category: 'syntax', message: expect.stringContaining('JSX') },
    ],
    [`import './gone.js'`, {}, { category: 'runtime', message: expect.stringContaining('gone.js') }],
  ] as const
  for (const [code, given, error] of table) {
    const ran = await run(code, given)
    expect([code, ran]).toMatchObject([code, { error }])
  }
})

test('[S166] what does not end in its time is ended, and nothing of it is left', async () => {
  const ran = await run('export default () => new Promise((done) => setTimeout(done, 1e9))', { wallMs: 300 })
  expect(ran).toMatchObject({ error: { category: 'timeout', message: 'it did not end within 0.3 s' } })
  // The machine's first process may be just taking note of the last of it.
  for (const pid of ran.pids)
    await vi.waitFor(() => expect(() => process.kill(-pid, 0)).toThrow('ESRCH'), { timeout: 10_000 })
})

test('[S168] what is cancelled is told apart, also where it is before it began', async () => {
  const stop = new AbortController()
  const running = run('console.log(1); export default () => { for (;;); }', { signal: stop.signal })
  stop.abort()
  expect(await running).toMatchObject({ error: { category: 'cancelled' } })
})

test('[SBX-293] timers run in their order, and what they throw is told', async () => {
  const ran = await run(`
    const seen = []
    setTimeout(() => seen.push('b'), 20)
    setTimeout(() => seen.push('a'), 1)
    clearTimeout(setTimeout(() => seen.push('never'), 2))
    setTimeout(() => { throw new Error('late') }, 3)
    export default () => new Promise((done) => setTimeout(() => done(seen), 60))`)
  expect(ran).toMatchObject({ value: '["a","b"]' })
  expect(ran.logs).toMatchObject([{ level: 'error', text: expect.stringContaining('Uncaught Error: late') }])
})
