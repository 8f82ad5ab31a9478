import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { HistoryPage } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../test-people.ts'
import { restOf } from '../test-rest.ts'
import { testServer, type TestServer } from '../test-server.ts'

const minute = 60_000
const day = 24 * 60 * minute

/** How often the past was thinned, and how many entries went the last time. */
const rounds = ({ lines }: TestServer) => lines.filter(({ msg }) => msg === 'the past was thinned')

test('[LOG-63] [LOG-65] the past is thinned at the start and daily, on a real disk: names, the last day and the newest stay', async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'tandem-retain-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const clock = fakeClock(20_000 * day + 10 * minute)
  const first = await testServer({ dataDir, clock })
  const write = restOf(first)
  const versions: { version: number; text: string }[] = []
  const type = async (text: string) => versions.push({ ...(await write.replace('a.txt', text)), text })
  await write.create('a.txt', '')
  for (let i = 0; i < 5; i++) await type(`first ${i}`)
  const named = await write.post<{ seq: number }>('/checkpoints', { name: 'kept', version: versions[2]?.version })
  clock.advance(3 * minute)
  for (let i = 0; i < 5; i++) await type(`second ${i}`)
  clock.advance(2 * day)
  for (let i = 0; i < 5; i++) await type(`third ${i}`)
  const told = await write.get<HistoryPage>('/history')
  clock.advance(minute)
  await first.end()

  const flags = { thinAfterDays: 0.001 }
  const second = await testServer({ dataDir, ownerKey: first.ownerKey, clock, flags })
  const { get, text, replace } = restOf(second)
  await eventually(() => expect(rounds(second)).toHaveLength(1))
  expect(rounds(second)[0]?.['entries']).toBeGreaterThan(5)
  // The end of each step, what has a name, and all of the last day.
  const kept = [2, 4, 9, 10, 11, 12, 13, 14]
  for (const [i, { version }] of versions.entries()) {
    const nearest = versions[kept.findLast((k) => k <= i) ?? -1]
    const answer = await second.inWorkspace(`/versions/${version}/files/a.txt`)
    expect(answer.headers.get('tandem-version')).toBe(String(nearest?.version ?? 0))
    expect(answer.status === 200 ? await answer.text() : undefined).toBe(nearest?.text)
  }
  expect(await get('/history')).toEqual(told)
  expect(versions[2]?.version).toBe(named.seq)

  clock.advance(day)
  await eventually(() => expect(rounds(second)).toHaveLength(2))
  expect(await text('a.txt', versions[11]?.version)).not.toBe('third 1')
  // It is written on as before.
  await replace('a.txt', 'fourth')
  expect(await text('a.txt')).toBe('fourth')
  await second.end()
})

test('[LOG-63] without a setting every version is kept for ever', async () => {
  const clock = fakeClock(20_000 * day)
  const server = await testServer({ clock })
  const { create, replace, text } = restOf(server)
  await create('a.txt', 'one')
  const { version } = await replace('a.txt', 'two')
  await replace('a.txt', 'three')
  clock.advance(10_000 * day)
  expect(await text('a.txt', version)).toBe('two')
  expect(rounds(server)).toEqual([])
})
