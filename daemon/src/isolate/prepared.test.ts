import { expect, test } from 'vitest'
import { createPrepared } from './prepared.ts'

const modules = { main: { code: 'a' }, 'b.ts': { code: 'b' } }

test('[S156] modules are known again by what they are made of, in the same history of the workspace', () => {
  const prepared = createPrepared('one')
  const key = prepared.keyOf(modules)
  expect(prepared.keyOf({ 'b.ts': { code: 'b' }, main: { code: 'a' } })).toBe(key)
  expect(prepared.keyOf({ ...modules, main: { code: 'other' } })).not.toBe(key)
  expect(prepared.keyOf({ main: { code: 'a' }, 'c.ts': { code: 'b' } })).not.toBe(key)
  expect(createPrepared('two').keyOf(modules)).not.toBe(key)
  expect(prepared.find(key)).toBeUndefined()
  prepared.keep(key, modules)
  expect(prepared.find(key)).toBe(modules)
})

test('[S156] what is kept is bounded: what nobody asked for longest goes first', () => {
  const prepared = createPrepared('')
  const large = (code: string) => ({ main: { code: code.repeat(5 * 2 ** 20) } })
  prepared.keep('a', large('a'))
  prepared.keep('b', large('b'))
  prepared.keep('c', large('c'))
  expect(prepared.find('a')).toBeDefined()
  prepared.keep('d', large('d'))
  expect(['a', 'b', 'c', 'd'].map((key) => prepared.find(key) !== undefined)).toEqual([true, false, true, true])
})
