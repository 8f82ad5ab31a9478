import { expect, test } from 'vitest'
import { cleanCode } from './pair-code.ts'

test('[UI-84] a pairing code is known however it is typed, and nothing else is', () => {
  expect(cleanCode('kwpt3mqx')).toBe('KWPT-3MQX')
  expect(cleanCode(' KWPT - 3MQX ')).toBe('KWPT-3MQX')
  expect(cleanCode('KWPT-3MQ')).toBeUndefined()
  expect(cleanCode('KWPT-3MQX-1')).toBeUndefined()
  expect(cleanCode('')).toBeUndefined()
})
