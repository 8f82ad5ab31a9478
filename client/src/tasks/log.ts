import { messageOf } from '@tandem/shared'
import type { LogChunk, View } from '@tandem/shared/docs'
import { createRows, type Row } from './log-rows.ts'

export type LogFacts = {
  /** Numbers of the first row there is, and of the one after the last. */
  first: number
  end: number
  /** Rows that will not change any more end here. */
  settled: number
  /** Bytes of output before the first row that are not here. */
  missing: number
  /** How much of a whole output has come, where it is fetched in parts. */
  parts: { done: number; total: number } | undefined
  /** Why the rest did not come. */
  trouble: string | undefined
}

/** An attempt's output as rows: a value that changes at most once a frame, and the rows it speaks of. */
export type Log = View<LogFacts> & {
  row(n: number): Row | undefined
  rowAt(at: number): number
}

const nothing: LogFacts = { first: 0, end: 0, settled: 0, missing: 0, parts: undefined, trouble: undefined }
export const noRows: Log = {
  snapshot: () => nothing,
  subscribe: () => () => {},
  row: () => undefined,
  rowAt: () => 0,
}

function createLog(maxRows?: number) {
  const rows = createRows(maxRows)
  let facts = nothing
  const wakes = new Set<() => void>()
  return {
    take: rows.take,
    /** Tells of what was taken, and of how far the whole has come. */
    tell: (about: Pick<LogFacts, 'parts' | 'trouble'> = { parts: undefined, trouble: undefined }) => {
      facts = { ...rows.range(), settled: rows.settled(), missing: rows.missing(), ...about }
      for (const wake of [...wakes]) wake()
    },
    view: {
      snapshot: () => facts,
      subscribe: (wake: () => void) => {
        wakes.add(wake)
        return () => wakes.delete(wake)
      },
      row: rows.row,
      rowAt: rows.rowAt,
    } satisfies Log,
  }
}

/**
 * The output of an attempt that runs, as it comes. However many chunks arrive, they are read once a frame, and not at all
 * while the page is hidden; what has been read stays, also when the live window moves on.
 */
export function openLiveLog(chunks: View<readonly LogChunk[]>, maxRows?: number): Log & { close(): void } {
  const log = createLog(maxRows)
  const read = () => {
    frame = undefined
    if (log.take(chunks.snapshot())) log.tell()
  }
  let frame: number | undefined
  const stop = chunks.subscribe(() => (frame ??= requestAnimationFrame(read)))
  read()
  return {
    ...log.view,
    close: () => {
      stop()
      if (frame !== undefined) cancelAnimationFrame(frame)
    },
  }
}

type Segment = { blob: string }

/**
 * The whole output of an attempt that has ended, fetched part by part from the beginning. `fetchPart` gives the chunks of
 * one. What came stays when the rest does not; `again` goes on from there.
 */
export function openWholeLog<S extends Segment>(
  segments: readonly S[],
  fetchPart: (segment: S, signal: AbortSignal) => Promise<readonly LogChunk[]>,
): Log & { again(): void; close(): void } {
  const log = createLog()
  const ending = new AbortController()
  const { signal } = ending
  const total = segments.length
  let done = 0
  let isAsking = false
  const partsLeft = () => (done < total ? { done, total } : undefined)
  const fetchAll = async () => {
    isAsking = true
    log.tell({ parts: partsLeft(), trouble: undefined })
    try {
      for (const segment of segments.slice(done)) {
        const chunks = await fetchPart(segment, signal)
        if (signal.aborted) return
        log.take(chunks)
        done++
        log.tell({ parts: partsLeft(), trouble: undefined })
      }
    } catch (e) {
      if (!signal.aborted) log.tell({ parts: partsLeft(), trouble: messageOf(e) })
    }
    isAsking = false
  }
  void fetchAll()
  return {
    ...log.view,
    again: () => {
      if (!isAsking && done < total) void fetchAll()
    },
    close: () => ending.abort(),
  }
}

/** A text that is here already, such as the end of an output that the record holds. */
export function textLog(text: string): Log {
  const log = createLog()
  log.take([{ q: 0, o: 0, t: 0, s: 1, d: new TextEncoder().encode(text) }])
  log.tell()
  return log.view
}
