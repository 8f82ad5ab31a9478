import { createId, type HistoryPage } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { join } from '../test-people.ts'
import { idOf, restOf } from '../test-rest.ts'
import { acknowledged, testClient, testServer } from '../test-server.ts'

/** A quarter past of some hour: steps end with the half hour. */
const quarter = 500_000 * 3_600_000 + 900_000
const minute = 60_000

const shortly = ({ steps }: HistoryPage) =>
  steps.map(({ author, files }) => [
    author.name,
    ...files.map(({ change, path, from }) => [change, ...(from === undefined ? [] : [from]), path].join(' ')),
  ])

async function timedServer() {
  const clock = fakeClock(quarter)
  const server = await testServer({ clock })
  return { server, clock, ...restOf(server) }
}

test('[LOG-50] [LOG-52] history tells in steps who created, edited, moved, deleted and brought back which file', async () => {
  const { clock, get, create, replace, move, remove, post } = await timedServer()
  const { version } = await create('a.txt', 'one\n')
  await create('b.txt', 'two\n')
  const pause = () => clock.advance(3 * minute)
  pause()
  await replace('a.txt', 'ONE\n')
  pause()
  await move('a.txt', 'docs/a.txt')
  await replace('b.txt', 'TWO\n')
  clock.advance(30 * minute)
  const removed = await remove('b.txt')
  pause()
  await post('/restore', { version, paths: ['a.txt'] })
  await post('/revert', { from: removed.version - 1, to: removed.version })
  const page = await get<HistoryPage>('/history')
  const name = page.steps[0]?.author.name ?? ''
  expect(shortly(page)).toEqual([
    [name, 'restored b.txt'],
    [name, 'moved docs/a.txt a.txt'],
    [name, 'deleted b.txt'],
    [name, 'edited b.txt', 'moved a.txt docs/a.txt'],
    [name, 'edited a.txt'],
    [name, 'created a.txt', 'created b.txt'],
  ])
  expect(page.steps[1]).toMatchObject({ author: { kind: 'person', cause: { restoredFrom: version } }, entries: 2 })
  expect(page.steps.at(-1)).toMatchObject({ from: quarter, to: quarter, entries: 4, more: 0 })
  // A file made and gone within one step is still told: its text can be had back.
  pause()
  await create('c.txt', 'three\n')
  await remove('c.txt')
  expect(shortly(await get('/history?limit=1'))).toEqual([[name, 'deleted c.txt']])
})

test('[LOG-50] two people who write one text at once give two steps, each in their name', async () => {
  const { server, get, create } = await timedServer()
  await create('a.txt', '')
  const doc = { kind: 'file', fileId: await idOf(server, 'a.txt') } as const
  const [mira, ben] = await Promise.all(
    ['Mira', 'Ben'].map(async (name) => (await testClient(await join(server, 'editor', name))).open(doc)),
  )
  if (!mira || !ben) throw new Error('nobody came')
  for (let i = 0; i < 20; i++) {
    mira.text.insert(0, 'm')
    ben.text.insert(ben.text.length, 'b')
    await Promise.all([acknowledged(mira.provider), acknowledged(ben.provider)])
  }
  const { steps } = await get<HistoryPage>(`/history?file=${doc.fileId}`)
  const [, , first] = steps
  expect(first).toMatchObject({ entries: 1, files: [{ change: 'created' }] })
  expect(
    steps
      .slice(0, 2)
      .map(({ author, entries }) => `${author.kind} ${author.name} ${entries}`)
      .toSorted(),
  ).toEqual(['person Ben 20', 'person Mira 20'])
})

test('[LOG-51] [LOG-52] the past comes page by page, of one file, of a folder, of one person, and nothing twice', async () => {
  const { clock, get, create, replace, move } = await timedServer()
  for (const path of ['a.txt', 'src/b.txt', 'src/c.txt', 'd.txt']) {
    await create(path, 'x')
    clock.advance(3 * minute)
    await replace(path, 'y')
    clock.advance(3 * minute)
  }
  await move('a.txt', 'src/a.txt')
  const all = await get<HistoryPage>('/history')
  expect(all.steps).toHaveLength(9)
  expect(all.cursor).toBeUndefined()
  const paged: HistoryPage['steps'] = []
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page: HistoryPage = await get(`/history?limit=2${cursor && `&cursor=${cursor}`}`)
    expect(page.steps.length).toBeLessThanOrEqual(2)
    paged.push(...page.steps)
    cursor = page.cursor
  }
  expect(paged).toEqual(all.steps)

  const [{ author } = { author: undefined }] = all.steps
  const told = async (query: string) => shortly(await get(`/history?${query}`)).map(([, ...files]) => files)
  expect(await told('path=src/a.txt')).toEqual([['moved a.txt src/a.txt'], ['edited a.txt'], ['created a.txt']])
  expect(await told('path=src')).toHaveLength(7)
  expect(await told('path=d.txt&limit=1')).toEqual([['edited d.txt']])
  expect(await told(`author=${author?.id}&limit=1`)).toEqual([['moved a.txt src/a.txt']])
  expect(await told(`author=${createId()}`)).toEqual([])
  await expect(get('/history?path=e.txt')).rejects.toThrow('404')
  await expect(get('/history?cursor=x')).rejects.toThrow('422')
})
