import { createId, readSettings, silentLog } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { openLog } from '../store/log.ts'
import { openMemoryStore } from '../store/memory.ts'
import { foldedLifeMs, openFolded } from './folded.ts'

test('[TSK-5] what was folded is remembered through restarts for a month, and then forgotten', async () => {
  const store = openMemoryStore()
  const clock = fakeClock(1_000_000)
  const updates = await openLog({ store, settings: readSettings({}), log: silentLog, clock })
  const [old, recent, next] = [createId(), createId(), createId()]
  const folded = await openFolded({ store, updates, clock })
  folded.add(old)
  clock.advance(foldedLifeMs / 2)
  folded.add(recent)
  await updates.write([])
  const restarted = await openFolded({ store, updates, clock })
  expect([restarted.has(old), restarted.has(recent)]).toEqual([true, true])
  clock.advance(foldedLifeMs / 2 + 1)
  restarted.add(next)
  expect([restarted.has(old), restarted.has(recent)]).toEqual([false, true])
  await updates.write([])
  const kept: string[] = []
  for await (const [id] of store.list('folded')) kept.push(id)
  expect(kept).toEqual([recent, next])
})
