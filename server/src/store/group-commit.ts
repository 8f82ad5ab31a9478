import { TandemError, isTandemError, messageOf, wait, type Clock, type Log } from '@tandem/shared'
import type { Store, Write } from './store.ts'

type Deps = {
  store: Store
  fence: number
  clock: Clock
  log: Log
  /** What goes with each batch in its newest state only, asked for when the batch leaves. */
  finish?: () => Write[]
  probeMs?: number
}

export type GroupCommit = {
  /** Writes in the order of calls; rejects with `store-failed` or `disk-full` while the store cannot, and still writes it once it can. */
  write(writes: readonly Write[]): Promise<void>
  /** The reason why nothing can be written at present. */
  failure(): TandemError | undefined
  /** Told when writing stops being possible (with the reason) and when it is possible again. */
  onState(listen: (failure: TandemError | undefined) => void): () => void
  /** Waits until what was given is on disk, or cannot get there. */
  close(): Promise<void>
}

type Batch = { writes: Write[]; done: PromiseWithResolvers<void> }

/**
 * Group commit: while one synced batch is on its way to disk, everything that arrives is gathered for the next one.
 * A failure is fail-stop: nothing is acknowledged, the writes are kept in order, and the store is probed until they
 * go through.
 */
export function createGroupCommit({ store, fence, clock, log, finish = () => [], probeMs = 1_000 }: Deps): GroupCommit {
  let next: Batch | undefined
  let running: Promise<void> | undefined
  let failure: TandemError | undefined
  let kept: Write[] = []
  const stop = new AbortController()
  const listeners = new Set<(failure: TandemError | undefined) => void>()

  const setState = (state: TandemError | undefined) => {
    failure = state
    for (const listen of [...listeners]) listen(state)
  }
  const keep = (batch: Batch, reason: TandemError) => {
    // Never by spreading: there may be more writes than a call takes arguments.
    kept = kept.concat(batch.writes)
    batch.done.reject(reason)
  }
  const run = async () => {
    // What is appended in this very turn of the event loop goes together, after peers were told of it.
    await new Promise((resolve) => setImmediate(resolve))
    while (next && !failure) {
      const batch = next
      for (const write of finish()) batch.writes.push(write)
      next = undefined
      try {
        await store.commit(batch.writes, fence)
        batch.done.resolve()
      } catch (e) {
        const reason = reasonOf(e)
        log.error('store failed', { error: e, writes: batch.writes.length })
        keep(batch, reason)
        if (next) keep(next, reason)
        next = undefined
        // Last: whoever is told may write, and that comes after these.
        setState(reason)
        void probe(isFenced(e))
      }
    }
    running = undefined
  }
  const probe = async (fenced: boolean) => {
    // Another server owns the workspace now: writing later would be wrong.
    if (fenced) return
    while (!stop.signal.aborted) {
      try {
        await wait(clock, probeMs, stop.signal)
        await store.recover()
        while (kept.length > 0) {
          // A copy: what is written meanwhile joins `kept`.
          const writes = (kept = kept.concat(finish())).slice()
          await store.commit(writes, fence)
          kept = kept.slice(writes.length)
        }
        log.info('store works again')
        return setState(undefined)
      } catch (e) {
        if (!stop.signal.aborted) log.warn('store still fails', { error: messageOf(e) })
      }
    }
  }
  return {
    write: (writes) => {
      if (failure) {
        for (const write of writes) kept.push(write)
        return rejected(failure)
      }
      if (!next) {
        next = { writes: [], done: Promise.withResolvers<void>() }
        // Whoever asked hears of a failure; where nobody did, `onState` tells it.
        next.done.promise.catch(() => {})
      }
      for (const write of writes) next.writes.push(write)
      running ??= run()
      return next.done.promise
    },
    failure: () => failure,
    onState: (listen) => {
      listeners.add(listen)
      return () => listeners.delete(listen)
    },
    close: async () => {
      await running
      stop.abort(new TandemError('going-away'))
    },
  }
}

const reasonOf = (e: unknown): TandemError =>
  isTandemError(e, 'disk-full')
    ? e
    : new TandemError('store-failed', { reason: 'the server cannot write to its disk', cause: messageOf(e) }, e)

const isFenced = (e: unknown) => e instanceof TandemError && e.code === 'conflict'

function rejected(reason: TandemError): Promise<void> {
  const promise = Promise.reject<void>(reason)
  promise.catch(() => {})
  return promise
}
