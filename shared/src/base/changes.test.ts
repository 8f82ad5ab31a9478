import { expect, test } from 'vitest'
import { changes } from './changes.ts'

test('changes folds what happens while the consumer works, and ends with the signal', async () => {
  const wakes = new Set<() => void>()
  const stop = new AbortController()
  const view = { subscribe: (wake: () => void) => (wakes.add(wake), () => wakes.delete(wake)) }
  let seen = 0
  for await (const _ of changes(view, stop.signal)) {
    seen++
    if (seen < 3) for (const wake of wakes) for (let i = 0; i < 5; i++) wake()
    else stop.abort()
  }
  expect(seen).toBe(3)
  expect(wakes.size).toBe(0)
})
