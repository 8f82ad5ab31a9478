import type { AtTerminal } from '@tandem/shared'
import { expect, test } from 'vitest'
import { isReply } from './replies.ts'
import { createTyping } from './typing.ts'

function setUp() {
  const said: AtTerminal[] = []
  const troubles: string[] = []
  const typing = createTyping({
    task: 'a',
    attempt: 1,
    send: (message) => said.push(message),
    onTrouble: (why) => troubles.push(why),
  })
  const typed = () => said.flatMap((m) => (m.t === 'type' ? [m.data] : []))
  const answer = (i: number, with_: object = { t: 'heard' }) => typing.hear(JSON.stringify({ n: said[i]?.n, ...with_ }))
  return { typing, said, typed, answer, troubles }
}

test('[UI-179] what is typed faster than the server answers goes together, in order', () => {
  const { typing, typed, answer, troubles } = setUp()
  for (const key of 'abcdefgh') typing.type(key)
  expect(typed()).toEqual(['a', 'b', 'c', 'd'])
  answer(1)
  expect(typed()).toEqual(['a', 'b', 'c', 'd', 'efgh'])
  typing.hear('not for us')
  typing.hear(JSON.stringify({ t: 'heard', n: 1_000_000 }))
  expect(troubles).toEqual([])
})

test('[UI-182] what the server refuses, or a cut connection may have lost, is said once and not said again', () => {
  const { typing, typed, answer, troubles } = setUp()
  for (const key of 'abcdef') typing.type(key)
  answer(0, { t: 'error', code: 'conflict', message: 'its daemon is out of reach' })
  expect(troubles).toEqual(['its daemon is out of reach'])
  for (const i of [1, 2, 3]) answer(i)
  expect(typed().join('')).toBe('abcd')
  typing.drop()
  expect(troubles).toHaveLength(1)
  typing.type('x')
  typing.drop()
  typing.drop()
  expect(troubles).toEqual(['its daemon is out of reach', 'the connection was lost'])
  expect(typed().at(-1)).toBe('x')
})

test.each([
  ...['[?1;2c', '[>0;276;0c', '[0n', '[12;40R', '[?2026;2$y', '[I', '[O', '[<0;5;5M', '[<64;1;1m', '[M !!', '[?1u'],
  ...[']10;rgb:e2e2/e7e7/e8e8\u001b\\', 'P1$r0m\u001b\\'],
])('[UI-181] a terminal says \\e%s by itself', (data) => {
  expect(isReply(`\u001b${data}`)).toBe(true)
})

test.each(['a', '\r', '\u0003', '\u001b', '\u001b[A', '\u001bOA', '\u001b[1;5C', '\u001b[15~', '\u001b[Z', '\u001bx'])(
  '[UI-181] a person types %j',
  (data) => {
    expect(isReply(data)).toBe(false)
    expect(isReply(`\u001b[200~${data}\u001b[201~`)).toBe(false)
  },
)
