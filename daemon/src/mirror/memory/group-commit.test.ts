import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createGroupCommit } from './group-commit.ts'

let dir: string
let db: Level<string, string>
/** Whether each write was synced, in order. */
let writes: boolean[]
let refuse: Error | undefined
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tandem-commit-'))
  db = new Level(dir)
  await db.open()
  ;[writes, refuse] = [[], undefined]
  const real = db.batch.bind(db)
  const counted = () => {
    const batch = real()
    const write = batch.write.bind(batch)
    batch.write = ((options: { sync?: boolean } = {}) => {
      writes.push(options.sync === true)
      return refuse ? Promise.reject(refuse) : write(options)
    }) as typeof write
    return batch
  }
  db.batch = counted as typeof db.batch
})
afterEach(async () => {
  await db.close()
  rmSync(dir, { recursive: true, force: true })
})

test('[MIR-146] what comes while one write is under way goes together in the next, synced where one of them is', async () => {
  const { commit, commitSynced } = createGroupCommit(db)
  const first = commit((batch) => batch.put('a', '1'))
  await Promise.resolve()
  await Promise.resolve()
  const rest = Array.from({ length: 50 }, (_, i) => commit((batch) => batch.put('a', `${i + 2}`)))
  const synced = commitSynced((batch) => batch.put('b', 'x'))
  await Promise.all([first, ...rest, synced])
  expect(writes.length).toBeLessThanOrEqual(2)
  expect(writes.at(-1)).toBe(true)
  // Later ones win: the order is kept.
  expect(await db.getMany(['a', 'b'])).toEqual(['51', 'x'])
  await commit((batch) => batch.put('a', 'last'))
  expect([writes.at(-1), await db.get('a')]).toEqual([false, 'last'])
})

test('[MIR-146] what goes together fails together, and what comes after it does not', async () => {
  const { commit, commitSynced } = createGroupCommit(db)
  refuse = new Error('disk full')
  const both = [commit((batch) => batch.put('a', '1')), commitSynced((batch) => batch.put('b', '1'))]
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  refuse = undefined
  await commitSynced((batch) => batch.put('b', '2'))
  expect(await db.getMany(['a', 'b'])).toEqual([undefined, '2'])
})
