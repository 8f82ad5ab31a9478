import { expect, test } from 'vitest'
import { TandemError } from '../base/errors.ts'
import { ExecutionResult, Snippet, categorizeError, categoryOf, formatError } from './execution.ts'

test('[S169] [S164] an error reads in one line, with the place in the source', () => {
  const error = { category: 'runtime', name: 'TypeError', message: 'x is not a function' } as const
  expect(formatError({ ...error, module: 'main', line: 3, column: 7 })).toBe('main:3:7: TypeError: x is not a function')
  expect(formatError({ ...error, module: 'lib/a.ts', line: 3 })).toBe('lib/a.ts:3: TypeError: x is not a function')
  expect(formatError(error)).toBe('TypeError: x is not a function')
  expect(formatError({ category: 'timeout', message: 'it did not end' })).toBe('timeout: it did not end')
  expect(formatError({ category: 'unknown', message: 'thrown' })).toBe('thrown')
})

test('[S168] [S169] an error is of the category that its engine, Node or we mean by it', () => {
  const named = (name: string, message = '') => Object.assign(new Error(message), { name })
  const table = [
    [new SyntaxError('unexpected token'), 'syntax'],
    [new TypeError('x is not a function'), 'runtime'],
    [{ name: 'RangeError', message: 'Maximum call stack size exceeded' }, 'runtime'],
    [named('InternalError', 'interrupted'), 'timeout'],
    [named('TimeoutError', 'The operation timed out'), 'timeout'],
    [named('InternalError', 'out of memory'), 'memory'],
    [new RangeError('Invalid string length'), 'memory'],
    [named('InternalError', 'string too long'), 'memory'],
    [new RangeError('BigInt is too large to allocate'), 'memory'],
    [new RangeError('Array buffer allocation failed'), 'memory'],
    [named('AbortError', 'aborted'), 'cancelled'],
    [new TandemError('path-protected'), 'denied'],
    [new TandemError('timeout'), 'timeout'],
    [new TandemError('internal'), 'unknown'],
    ['thrown', 'unknown'],
    [undefined, 'unknown'],
  ] as const
  for (const [error, category] of table) expect([error, categorizeError(error)]).toEqual([error, category])
  expect(['timeout', 'memory-limit', 'cancelled', 'command-denied', undefined].map(categoryOf)).toEqual([
    'timeout',
    'memory',
    'cancelled',
    'denied',
    'runtime',
  ])
})

test('[S152] modules have names that stay below the snippet', () => {
  const named = (name: string) => Snippet.safeParse({ code: '', modules: { [name]: '' } }).success
  expect(['lib/sum.ts', 'a.js', '@x/y.ts'].map(named)).toEqual([true, true, true])
  for (const bad of [
    '../a.ts',
    './a.ts',
    '/a.ts',
    'a//b',
    'a/../b',
    '',
    'a\0b',
    'a b',
    'x'.repeat(201),
    '__proto__/',
    '.a',
  ])
    expect([bad, named(bad)]).toEqual([bad, false])
})

test('[S158] [S155] a result has an id of its own, and says what ran it', () => {
  const result = {
    id: '0b0f1f5e-5f0e-4a6c-9d57-8f0f3a2d4c11',
    success: true,
    ranIn: 'isolate',
    output: '',
    logs: [],
    errors: [],
  }
  expect(ExecutionResult.safeParse({ ...result, result: '[1]' }).success).toBe(true)
  expect(ExecutionResult.safeParse({ ...result, ranIn: 'here' }).success).toBe(false)
  expect(ExecutionResult.safeParse({ ...result, id: 'mine' }).success).toBe(false)
})
