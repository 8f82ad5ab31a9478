import { TandemError } from '@tandem/shared'
import type { DocStat, Entry, Store, Write } from './store.ts'
import { fold, type ThinStep } from './thin.ts'

type Deps = {
  store: Store
  stats: Map<string, DocStat>
  /** Resolves when all of the document is on disk; rejects while the store fails. */
  settled(doc: string): Promise<void>
  /** Writes go in the order of calls; `failure` is why none can. */
  commit: { write(writes: readonly Write[]): Promise<void>; failure(): TandemError | undefined }
  restated(doc: string): void
  /** What is in memory of the document goes. */
  forget(doc: string): void
  /** The record that keeps the last version given. */
  keepHead(): Write
}

/** Thinning and dropping: one after the other, each in one atomic step, beside whatever is appended meanwhile. */
export function createHousekeeping({ store, stats, settled, commit, restated, forget, keepHead }: Deps) {
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(doc: string, work: () => Promise<T>): Promise<T> => {
    const done = turn.then(async () => {
      await settled(doc)
      return work()
    })
    turn = done.catch(() => {
      // Whoever asked is told.
    })
    return done
  }
  /** Only what is on disk can be replaced: from the last look on nothing is awaited. */
  const write = (writes: readonly Write[]): Promise<void> => {
    const failure = commit.failure()
    return failure ? Promise.reject(failure) : commit.write(writes)
  }
  const freed = (doc: string, bytes: number, upTo: number) => {
    const stat = stats.get(doc)
    if (!stat || upTo <= stat.snapshotSeq) return
    stats.set(doc, { ...stat, tailBytes: stat.tailBytes - bytes })
    restated(doc)
  }

  return {
    /** See `UpdateLog`. */
    thin: (doc: string, steps: readonly ThinStep[]): Promise<number> =>
      inTurn(doc, async () => {
        const folded = (await Promise.all(steps.map((step) => fold(store, doc, step)))).filter((f) => f !== undefined)
        if (folded.length === 0) return 0
        const written = write(folded.flatMap((f) => f.writes))
        if (!commit.failure()) for (const f of folded) freed(doc, f.freed, f.upTo)
        await written
        return folded.reduce((sum, f) => sum + f.gone, 0)
      }),
    squash: (doc: string): Promise<boolean> =>
      inTurn(doc, async () => {
        const at = stats.get(doc)?.snapshotSeq ?? 0
        let end: Entry | undefined
        for await (const entry of store.entries(doc, { after: at - 1, upTo: at })) end = entry
        // No entry stands where the snapshot does, or it is the first already.
        if (at === 0 || !end || end.previous === 0) return false
        const snapshot = await store.snapshot(doc, at)
        if (snapshot?.seq !== at) return false
        const entry: Entry = { ...end, previous: 0, update: snapshot.state, note: { ...end.note, squashed: true } }
        await write([
          { t: 'replace', doc, after: 0, upTo: at, entry },
          { t: 'drop-snapshots', doc, after: 0, upTo: at - 1 },
        ])
        forget(doc)
        return true
      }),
    drop: (doc: string, mayGo: () => boolean): Promise<boolean> => {
      const before = stats.get(doc)
      return inTurn(doc, async () => {
        if (!before || stats.get(doc) !== before || !mayGo()) return false
        const written = write([{ t: 'drop', doc }, keepHead()])
        if (!commit.failure()) {
          stats.delete(doc)
          forget(doc)
        }
        await written
        return true
      })
    },
  }
}
