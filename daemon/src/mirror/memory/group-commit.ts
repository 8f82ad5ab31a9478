import type { Level } from 'level'

export type Batch = ReturnType<Level<string, string>['batch']>
type Fill = (batch: Batch) => unknown

/**
 * Writes to a database in the order they were asked for; what comes while one is under way goes together in the next,
 * so that a thousand files that are each synced alone do not cost a thousand syncs. What goes together also fails together.
 */
export function createGroupCommit(db: Level<string, string>) {
  let gathering: { batch: Batch; sync: boolean; written: Promise<void> } | undefined
  let last: Promise<void> = Promise.resolve()

  const gather = () => {
    const [batch, before] = [db.batch(), last.catch(() => {})]
    const mine = { batch, sync: false, written: Promise.resolve() }
    mine.written = last = before.then(() => {
      gathering = undefined
      return batch.write({ sync: mine.sync })
    })
    return mine
  }
  const join = async (fill: Fill, sync: boolean): Promise<void> => {
    const group = (gathering ??= gather())
    fill(group.batch)
    if (sync) group.sync = true
    await group.written
  }
  return {
    /** In order, and on the disk when the system likes. */
    commit: (fill: Fill): Promise<void> => join(fill, false),
    /** On the disk once it resolves. */
    commitSynced: (fill: Fill): Promise<void> => join(fill, true),
  }
}
