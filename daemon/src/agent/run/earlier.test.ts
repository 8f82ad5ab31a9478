import { createId, type ChatMessage } from '@tandem/shared'
import type { ModelMessage } from 'ai'
import { expect, test } from 'vitest'
import { chooseEarlier, readEarlier } from './earlier.ts'

const user = (content: string): ModelMessage => ({ role: 'user', content })
const said = (content: string): ModelMessage => ({ role: 'assistant', content })
const open: ModelMessage = {
  role: 'assistant',
  content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'bash', input: {} }],
}

/** A conversation: each message begins a run in which these were said. */
function talk(...turns: { said?: ModelMessage[]; replaces?: number; unheard?: boolean }[]) {
  const ids = turns.map(() => ({ message: createId(), run: createId() }))
  const messages = new Map<string, ChatMessage>()
  const runs = new Map<string, ModelMessage[]>()
  turns.forEach((turn, i) => {
    const { message, run } = ids[i] as (typeof ids)[number]
    const replaces = turn.replaces === undefined ? {} : { replaces: ids[turn.replaces]?.message }
    messages.set(message, {
      v: 1,
      text: '',
      mentions: [],
      mode: 'ask',
      deliver: 'now',
      run,
      at: 1,
      ...replaces,
    } as ChatMessage)
    runs.set(run, turn.said ?? [user(`q${i}`), said(`a${i}`)])
  })
  const ports = {
    chat: { snapshot: () => messages },
    isHeard: (id: string) => !turns[ids.findIndex(({ message }) => message === id)]?.unheard,
    readRun: async (run: string) => runs.get(run) ?? [],
  }
  const before = async (i: number, max?: number) => {
    const { message, run } = ids[i] as (typeof ids)[number]
    const earlier = await chooseEarlier(run, message, ports, max)
    return (await readEarlier(earlier, ports.readRun)).map(({ content }) => content)
  }
  return { before, ports, ids, runs }
}

test('[AGT-126] [S250] [S253] the last messages of the runs before, from one that a person wrote', async () => {
  const { before } = talk({}, {}, {}, {})
  expect(await before(0)).toEqual([])
  expect(await before(3)).toEqual(['q0', 'a0', 'q1', 'a1', 'q2', 'a2'])
  expect(await before(3, 3)).toEqual(['q2', 'a2'])
  expect(await before(1)).toEqual(['q0', 'a0'])
})

test('[AGT-126] what was sent again is of another course, and who is not heard begins none', async () => {
  const { before } = talk({}, {}, {}, { replaces: 1 }, {}, { unheard: true }, {})
  expect(await before(3)).toEqual(['q0', 'a0'])
  expect(await before(4)).toEqual(['q0', 'a0', 'q3', 'a3'])
  expect(await before(6)).toEqual(['q0', 'a0', 'q3', 'a3', 'q4', 'a4'])
})

test('[AGT-126] a run that ended in the middle leaves no call that nobody answered; what is gone is not passed over', async () => {
  const { before, ports, ids, runs } = talk({ said: [user('q0'), said('a0'), user('more'), open] }, {})
  expect(await before(1)).toEqual(['q0', 'a0', 'more'])
  const { message, run } = ids[1] as (typeof ids)[number]
  const earlier = await chooseEarlier(run, message, ports)
  runs.set(ids[0]?.run ?? '', [])
  await expect(readEarlier(earlier, ports.readRun)).rejects.toThrow('is gone')
})
