import type { ModelMessage } from 'ai'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contextNow, contextOf, lastMessages, roundsFromEnd, transcript } from './context.ts'
import { newRun } from './state.ts'

const user = (content: string): ModelMessage => ({ role: 'user', content })
const round = (n: number, tool = 'look', value = `result ${n} ${'x'.repeat(500)}`): ModelMessage[] => [
  {
    role: 'assistant',
    content: [
      { type: 'text', text: `round ${n}` },
      { type: 'tool-call', toolCallId: `c${n}`, toolName: tool, input: { n } },
    ],
  },
  {
    role: 'tool',
    content: [{ type: 'tool-result', toolCallId: `c${n}`, toolName: tool, output: { type: 'text', value } }],
  },
]
const runOf = (messages: readonly ModelMessage[], progress = {}) => ({
  messages,
  progress: { ...newRun.progress, ...progress },
})

test('[AGT-50] [S250] [S253] of an earlier talk the last 50 messages come along, from one that a person wrote', () => {
  const talk = Array.from({ length: 40 }, (_, i) => [user(`m${i}`), ...round(i)]).flat()
  const some = lastMessages(talk)
  expect(some.length).toBeLessThanOrEqual(50)
  expect(some.length).toBeGreaterThan(47)
  expect(some[0]).toMatchObject({ role: 'user' })
  expect(some.at(-1)).toBe(talk.at(-1))
  expect(lastMessages(round(1))).toEqual([])
})

test('[AGT-50] room is never made between a call and its result, and skills stay', () => {
  const kind = fc.constantFrom('user', 'round', 'answer')
  fc.assert(
    fc.property(fc.array(kind, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), (kinds, rounds) => {
      const messages = kinds.flatMap((each, i): ModelMessage[] =>
        each === 'round' ? round(i) : each === 'user' ? [user('u')] : [{ role: 'assistant', content: 'a' }],
      )
      const upTo = roundsFromEnd(messages, rounds)
      const context = contextOf(runOf(messages, { prunedTo: upTo, summary: { upTo, text: 's' } }))
      expect(context[1]?.role).not.toBe('tool')
      expect(context.slice(1)).toEqual(messages.slice(upTo))
    }),
  )
  const both = [user('u'), ...round(1), ...round(2, 'activateSkill'), ...round(3)]
  const words = JSON.stringify(contextOf(runOf(both, { prunedTo: 5 })))
  expect(words).not.toContain('result 1')
  expect(words).toContain('result 2')
})

test('[AGT-50] what comes next is as much as went in and out the last time, and what has been added since', () => {
  const messages = [user('u'), ...round(1, 'look', 'x'.repeat(40_000))]
  expect(contextNow(runOf(messages, { context: 5_000 }), Infinity)).toBeGreaterThan(14_900)
  expect(contextNow(runOf(messages, { context: 5_000 }), 8_000)).toBeLessThan(7_500)
  // A server that counts nothing is counted for.
  expect(contextNow(runOf(messages), Infinity)).toBeGreaterThan(10_000)
})

test('[AGT-50] a talk in words has its beginning and its end, and no more letters than asked for', () => {
  const talk = [user('the task itself'), ...Array.from({ length: 50 }, (_, i) => round(i)).flat(), user('and last')]
  const words = transcript(talk, 5_000)
  expect(words.length).toBeLessThanOrEqual(5_010)
  expect(words).toMatch(/^user: the task itself/)
  expect(words).toMatch(/user: and last$/)
  expect(words).toContain('[calls look {"n":0}]')
})
