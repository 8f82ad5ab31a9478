import { expect, test } from 'vitest'
import { all } from '../store/store.suite.ts'
import { ahead } from './ahead.ts'

/** Work that ends when told to, and what of it was begun. */
function byHand() {
  const begun: number[] = []
  const gates = new Map<number, PromiseWithResolvers<number>>()
  const gate = (n: number) => {
    const known = gates.get(n) ?? Promise.withResolvers<number>()
    gates.set(n, known)
    return known
  }
  const work = (n: number) => {
    begun.push(n)
    return gate(n).promise
  }
  return { begun, work, end: (n: number) => gate(n).resolve(n), fail: (n: number, e: Error) => gate(n).reject(e) }
}
const items = [0, 1, 2, 3, 4, 5]

test('[LOG-4] several are read at once, and come in the order in which they were asked for', async () => {
  const { begun, work, end } = byHand()
  const read = all(ahead(items, work, { count: 3, bytes: 100, sizeOf: () => 1 }))
  expect(begun).toEqual([0, 1, 2])
  for (const n of [2, 1, 5, 4, 3, 0]) end(n)
  expect(await read).toEqual(items)
})

test('[LOG-4] of what is large one is read at a time', async () => {
  const { begun, work, end } = byHand()
  const sizes = [1, 100, 1, 300, 1, 1]
  const read = ahead(items, work, { count: 6, bytes: 100, sizeOf: (n) => sizes[n] ?? 0 })
  for (const [n, upTo] of [
    [0, 1],
    [1, 1],
    [2, 3],
    [3, 3],
    [4, 5],
    [5, 5],
  ] as const) {
    const one = read.next()
    expect(begun.at(-1)).toBe(upTo)
    end(n)
    expect(await one).toEqual({ done: false, value: n })
  }
  expect((await read.next()).done).toBe(true)
})

test('[LOG-4] a failure comes in its turn, and nothing begins behind it', async () => {
  const { begun, work, end, fail } = byHand()
  const read = ahead(items, work, { count: 3, bytes: 100, sizeOf: () => 1 })
  const first = read.next()
  fail(1, new Error('no disk'))
  fail(2, new Error('no disk either'))
  end(0)
  expect((await first).value).toBe(0)
  await expect(read.next()).rejects.toThrow('no disk')
  expect((await read.next()).done).toBe(true)
  expect(begun).toEqual([0, 1, 2, 3])
})
