import { createId, silentLog, type AuthorsAnswer } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { createAuthors } from './authors.ts'

const mira = { id: createId(), name: 'Mira', kind: 'person' } as const

/** Authors over a server that knows the even ids, with all it was asked. */
function setUp() {
  const clock = fakeClock(1_000)
  const asked: number[][] = []
  const ask = (clients: number[]): Promise<AuthorsAnswer> => {
    asked.push(clients)
    const even = clients.filter((client) => client % 2 === 0)
    return Promise.resolve({ authors: even.map((client) => ({ client, author: mira })) })
  }
  const authors = createAuthors({ ask, clock, log: silentLog })
  const settle = async (ms = 150) => {
    clock.advance(ms)
    for (let i = 0; i < 5; i++) await Promise.resolve()
  }
  return { authors, asked, settle }
}

test('[UI-71] ids are asked for together, and one that is known never again', async () => {
  const { authors, asked, settle } = setUp()
  authors.want([2, 4])
  authors.want([4, 6])
  await settle()
  expect(asked).toEqual([[2, 4, 6]])
  expect(authors.known.snapshot().byClient.get(4)).toEqual(mira)
  authors.want([2, 4, 6])
  await settle(60_000)
  expect(asked).toHaveLength(1)
})

test('[UI-71] an id that nobody knows is asked for again only after a while', async () => {
  const { authors, asked, settle } = setUp()
  authors.want([3])
  await settle()
  authors.want([3])
  await settle()
  expect(asked).toEqual([[3]])
  await settle(5_000)
  authors.want([3])
  await settle()
  expect(asked).toEqual([[3], [3]])
})

test('[UI-71] more than one request may ask for is asked in turns', async () => {
  const { authors, asked, settle } = setUp()
  authors.want(Array.from({ length: 2_500 }, (_, i) => i))
  await settle()
  await settle()
  expect(asked.map((a) => a.length)).toEqual([2_000, 500])
})
