import { createId, type Id, type Task } from '@tandem/shared'
import { expect, test } from 'vitest'
import { taskOf } from '../referee/in-memory.suite.ts'
import { TaskListQuery, archivedAtOnce, pageOf } from './task-filter.ts'

/** Those of even number are in the document, the others in the archive. */
function bench(count: number) {
  const all = Array.from({ length: count }, (_, i): Task => ({ ...taskOf('completed'), id: createId(), title: `${i}` }))
  const tasks = new Map(all.filter((_, i) => i % 2 === 0).map((task) => [task.id, task]))
  let looked = 0
  const archivedBefore = async function* (id?: Id) {
    for (const task of all.toReversed()) {
      if (tasks.has(task.id) || (id !== undefined && task.id >= id)) continue
      looked++
      yield task
    }
  }
  const pages = async (query: Record<string, unknown>) => {
    const found: string[][] = []
    for (let cursor: Id | undefined; ;) {
      const { page, ...next } = await pageOf({ tasks, archivedBefore }, TaskListQuery.parse({ ...query, cursor }))
      found.push(page.map(({ title }) => title))
      if (!next.cursor) return found
      cursor = next.cursor
    }
  }
  return { pages, tasks, looked: () => looked, archivedBefore }
}

test('[TSK-120] a list goes on in the archive, and neither repeats nor leaves out', async () => {
  const newestFirst = Array.from({ length: 11 }, (_, i) => `${10 - i}`)
  for (const limit of [1, 2, 3, 5, 10, 11, 12]) {
    const pages = await bench(11).pages({ limit })
    expect(pages.flat()).toEqual(newestFirst)
    expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true)
  }
  expect((await bench(11).pages({ text: '1' })).flat()).toEqual(['10', '1'])
})

test('[TSK-120] of an archive no more is looked at for a page than it needs, nor than is bounded', async () => {
  const { tasks, archivedBefore, looked } = bench(100)
  await pageOf({ tasks, archivedBefore }, TaskListQuery.parse({ limit: 10 }))
  expect(looked()).toBeLessThan(15)
  const large = bench(2 * archivedAtOnce + 10)
  const pages = await large.pages({ text: 'nowhere' })
  expect(pages).toEqual([[], []])
})
