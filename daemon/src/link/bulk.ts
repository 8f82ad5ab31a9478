import { BulkPutAnswer, bulkFrames, encodeBulkFrames, type BulkFrame, type Id } from '@tandem/shared'
import type { persistently } from './persistently.ts'

type WholeFrame = Pick<BulkFrame, 'doc'> & { update: Uint8Array }

export type Bulk = {
  /**
   * Puts documents that are not there yet, or changes those that are (`update`); durable when resolved. Answers the
   * workspace's version then, and which documents were refused. `task` is what caused the changes, where that is known.
   */
  put(
    mode: 'absent' | 'update',
    frames: readonly WholeFrame[],
    task: Id | undefined,
    signal: AbortSignal,
  ): Promise<Pick<BulkPutAnswer, 'seq' | 'refused'>>
  /** Reads documents; those the server does not have come without an update, those it cannot read as damaged. */
  read(names: readonly string[], signal: AbortSignal): Promise<BulkFrame[]>
}

type BulkOptions = {
  call: (route: string, init: RequestInit) => Promise<Response>
  /** Tries again what fails for want of a connection: putting twice changes nothing. */
  persist: ReturnType<typeof persistently>
}

const batchDocs = 200
const batchBytes = 4 * 2 ** 20
const inFlight = 2

/**
 * Thousands of documents over HTTP, some hundred a request, two requests at a time (handshakes manage only a few hundred
 * documents a second). What fails for want of a connection is tried again until the signal.
 */
export function createBulk({ call, persist }: BulkOptions): Bulk {
  return {
    put: async (mode, frames, task, signal) => {
      const route = `put?mode=${mode}${task === undefined ? '' : `&task=${task}`}`
      const answers = await pairwise(
        batchesOf(frames, ({ update }) => update.length),
        (batch) =>
          persist(async () => {
            const response = await call(route, {
              method: 'POST',
              body: encodeBulkFrames(batch),
              headers: { 'content-type': 'application/octet-stream' },
              signal,
            })
            return BulkPutAnswer.parse(await response.json())
          }, signal),
      )
      return {
        seq: Math.max(0, ...answers.map(({ seq }) => seq)),
        refused: answers.flatMap(({ refused }) => refused),
      }
    },
    read: async (names, signal) => {
      const answers = await pairwise(
        batchesOf(names, () => 0),
        (docs) =>
          persist(async () => {
            const response = await call('read', {
              method: 'POST',
              body: JSON.stringify({ docs }),
              headers: { 'content-type': 'application/json' },
              signal,
            })
            const out: BulkFrame[] = []
            if (response.body) for await (const frame of bulkFrames(response.body)) out.push(frame)
            return out
          }, signal),
      )
      return answers.flat()
    },
  }
}

function batchesOf<T>(items: readonly T[], bytes: (item: T) => number): T[][] {
  const batches: T[][] = []
  let [batch, size]: [T[], number] = [[], 0]
  for (const item of items) {
    if (batch.length > 0 && (batch.length >= batchDocs || size + bytes(item) > batchBytes)) {
      batches.push(batch)
      ;[batch, size] = [[], 0]
    }
    batch.push(item)
    size += bytes(item)
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}

/**
 * Works through all, two at a time, answers in order. After a failure nothing more begins, and it throws only when nothing
 * is under way any more: who then does the same otherwise must not be overtaken by what was sent before.
 */
async function pairwise<A, B>(items: readonly A[], work: (item: A) => Promise<B>): Promise<B[]> {
  const out: B[] = []
  let next = 0
  const lane = async () => {
    while (next < items.length) {
      const i = next++
      try {
        out[i] = await work(items[i] as A)
      } catch (e) {
        next = items.length
        throw e
      }
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: inFlight }, lane))
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason
  return out
}
