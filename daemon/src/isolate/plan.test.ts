import { Snippet } from '@tandem/shared'
import { expect, test } from 'vitest'
import { defaultIsolateLimits } from '../sandbox/isolate-limits.ts'
import { plan } from './plan.ts'

const planned = (code: string, { timeoutMs = 5_000, ...more }: { timeoutMs?: number } & Partial<Snippet> = {}) =>
  plan(Snippet.parse({ code, ...more }), timeoutMs, defaultIsolateLimits)

test('[S170] what an isolate does not have, or not enough of, is for Node', () => {
  const forNode = [
    `import fs from 'node:fs'`,
    `import { sep } from "path"`,
    `import lodash from 'lodash'`,
    `import '@scope/thing/sub.js'`,
    `export * from 'thing'`,
    `export default () => import('thing')`,
    `const m = await import (\n'thing')`,
    `export default () => require('thing')`,
    `export default () => process.version`,
    `export default () => new Map([[Buffer.from('x'), 1]])`,
    `export default (env) => fetch('https://example.org')`,
    `import {\n  a,\n  b,\n} from 'thing'`,
  ]
  for (const code of forNode) expect([code, planned(code)]).toEqual([code, 'node'])
  expect(planned('1', { timeoutMs: 600_000 })).toBe('node')
  expect(planned('1', { memMb: 512 })).toBe('node')
  expect(planned(`import './a.js'`, { modules: { 'a.js': `import 'thing'` } })).toBe('node')
})

test('[S170] what merely looks so is for the isolate', () => {
  const forIsolate = [
    `export default async (env) => env.FS.readFile('/home/README.md')`,
    `import { sum } from './lib/sum.ts'\nexport default sum`,
    `export * from '../up.js'`,
    `// import fs from 'node:fs'\nexport default 1`,
    `/* uses process.env */ export default 1`,
    `export default (env) => env.FETCH.fetch('https://example.org')`,
    `const process = { version: 1 }\nexport default process.version`,
    `export default { process: 1 }.process`,
    `export default 'see https://example.org/process.html'`,
    `setTimeout(() => {}, 1)`,
  ]
  for (const code of forIsolate) expect([code, planned(code)]).toEqual([code, 'isolate'])
})

test('[S170] [S171] whoever says what is to run it is heard', () => {
  for (const runner of ['isolate', 'node', 'container'] as const)
    expect(planned(`import 'node:fs'`, { runner, timeoutMs: 600_000 })).toBe(runner)
})
