import { createId, silentLog, readSettings } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { taskOf } from '../referee/in-memory.suite.ts'
import { openLog } from '../store/log.ts'
import { openMemoryStore } from '../store/memory.ts'
import { all } from '../store/store.suite.ts'
import { keyLifeMs, openArchive } from './archive.ts'

test('[TSK-55] what is in the archive is found again after a restart, and its key for 30 days', async () => {
  const store = openMemoryStore()
  const clock = fakeClock(1_000_000)
  const open = async () => {
    const updates = await openLog({ store, settings: readSettings({}), log: silentLog })
    return { updates, archive: await openArchive({ store: updates, updates, clock }) }
  }
  const first = await open()
  const task = taskOf('failed', { idempotencyKey: 'a !/key', completedAt: 5, result: { exitCode: 1 } })
  first.archive.add(task)
  first.archive.add(taskOf('completed'))
  expect(first.archive.madeWith(task.createdBy, 'a !/key')).toBe(task.id)
  // What is written later is on disk later.
  await first.updates.write([{ t: 'record', table: 'meta', key: 'x', value: 1 }])

  clock.advance(keyLifeMs)
  const { archive } = await open()
  expect(await archive.find(task.id)).toEqual(task)
  expect(await archive.find(createId())).toBeUndefined()
  const [newer, older] = await all(archive.before())
  expect(older).toEqual(task)
  expect(await all(archive.before(newer?.id))).toEqual([task])
  expect(archive.madeWith(task.createdBy, 'a !/key')).toBe(task.id)
  expect(archive.madeWith(createId(), 'a !/key')).toBeUndefined()
  clock.advance(1)
  // Nor does it take a restart.
  expect(archive.madeWith(task.createdBy, 'a !/key')).toBeUndefined()
  expect((await open()).archive.madeWith(task.createdBy, 'a !/key')).toBeUndefined()
})
