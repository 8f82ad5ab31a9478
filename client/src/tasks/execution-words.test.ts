import { expect, test } from 'vitest'
import { excerpt, pretty } from './execution-words.ts'

const payload = {
  kind: 'code' as const,
  language: 'javascript' as const,
  code: 'const beds = 40\n\tthrow new Error(beds)\n',
  modules: { 'lib/a.js': 'x(' },
}
const error = { category: 'runtime', message: 'no' } as const

test('[UI-237] where code failed is shown in its source, with a mark below the column', () => {
  expect(excerpt(payload, { ...error, module: 'main', line: 2, column: 8 })).toBe(
    ['1 │ const beds = 40', '2 │  throw new Error(beds)', '  │        ^'].join('\n'),
  )
  expect(excerpt(payload, { ...error, module: 'lib/a.js', line: 1 })).toBe('1 │ x(')
  for (const place of [{}, { line: 9 }, { module: 'gone.js', line: 1 }])
    expect(excerpt(payload, { ...error, ...place })).toBeUndefined()
})

test('[UI-237] of a long line the part around the place is shown, and what is unseen in it, with the mark still below', () => {
  const code = `${' '.repeat(300)}\u200b boom()`
  const lines = excerpt({ ...payload, code }, { ...error, line: 1, column: 303 })?.split('\n') ?? []
  expect(lines[0]?.length).toBeLessThan(150)
  expect(lines[0]?.indexOf('boom')).toBe(lines[1]?.indexOf('^'))
})

test('[UI-237] a result is laid out; what is no JSON stays as it is', () => {
  expect(pretty('{"beds":[1,2]}')).toBe('{\n  "beds": [\n    1,\n    2\n  ]\n}')
  expect(pretty('{"beds":')).toBe('{"beds":')
})
