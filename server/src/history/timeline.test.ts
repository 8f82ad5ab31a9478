import { createId, docPath } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory.ts'
import { openPast } from './test-past.ts'

test('[LOG-51] of a long log only the end is read for the first page, and each page goes on where the last ended', async () => {
  const clock = fakeClock(500_000 * 3_600_000)
  const { updates, history, create, load } = await openPast(openMemoryStore(), { clock })
  const author = createId()
  const file = await create('a.txt', '', author)
  const ref = { kind: 'file', fileId: file } as const
  const doc = await load(ref)
  for (let i = 0; i < 20_000; i++) {
    if (i % 20 === 0) clock.advance(180_000)
    doc.transact(() => doc.getText('content').insert(0, 'x'), { author, origin: 'socket' })
  }
  await updates.pending(docPath(ref))
  let read = 0
  const { heads } = updates
  updates.heads = async function* (range) {
    for await (const head of heads(range)) {
      read += 1
      yield head
    }
  }
  const first = await history.page({ limit: 10 })
  expect(first.steps.map(({ entries }) => entries)).toEqual(Array.from({ length: 10 }, () => 20))
  expect(read).toBeLessThan(5_000)
  const second = await history.page({ limit: 10, cursor: Number(first.cursor) })
  expect(second.steps[0]?.seq).toBe(first.steps.at(-1)?.before)
  expect(read).toBeLessThan(10_000)
})
