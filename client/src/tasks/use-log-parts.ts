import { useEffect, useMemo, useState } from 'react'
import { createFolds, hiddenRows, type Fold } from './log-folds.ts'
import { createSearch, hitFrom, type Finder, type Hit } from './log-search.ts'
import type { Log, LogFacts } from './log.ts'

/** For so long rows are searched before the browser may draw again, ms, and so many at once. */
const searchMs = 8
const rowsAtOnce = 500
const nothingHidden: readonly (readonly [number, number])[] = []

/** The named parts of an output, which of them are shut, and the rows that are hidden so. */
export function useFolds(log: Log, facts: LogFacts) {
  const [shut, setShut] = useState<ReadonlySet<number>>(new Set())
  const found = useMemo(createFolds, [log])
  const folds = useMemo(() => {
    found.scan(facts.settled, facts.first, log.row)
    return { count: found.all().length, ends: found.ends().length, open: found.all().at(-1)?.end === undefined }
  }, [found, log, facts])
  const isOpenShut = folds.open && shut.has(found.all().at(-1)?.start ?? -1)
  // A shut part that is still being written hides what comes.
  const end = isOpenShut ? facts.end : 0
  const hidden = useMemo(
    () =>
      folds.ends === 0 && shut.size === 0
        ? nothingHidden
        : hiddenRows(found.all(), found.ends(), shut, end).filter(([from]) => from >= facts.first),
    // oxlint-disable-next-line react/exhaustive-deps -- `found` grows in place: the counts say when
    [found, folds.count, folds.ends, shut, end, facts.first],
  )
  // oxlint-disable-next-line react/exhaustive-deps -- as above
  const byRow = useMemo(() => new Map(found.all().map((fold) => [fold.start, fold])), [found, folds.count])
  return {
    count: folds.count,
    hidden,
    at: (row: number): Fold | undefined => byRow.get(row),
    isShut: (fold: Fold) => shut.has(fold.start),
    areAllShut: shut.size > 0 && shut.size >= folds.count,
    toggle: (fold: Fold) =>
      setShut((shut) => (shut.has(fold.start) ? without(shut, fold.start) : new Set([...shut, fold.start]))),
    setAll: (isShut: boolean) => setShut(new Set(isShut ? found.all().map(({ start }) => start) : [])),
    /** Opens what hides a row. */
    show: (row: number) => {
      const around = found.all().find((f) => shut.has(f.start) && row > f.start && row < (f.end ?? Infinity))
      if (around) setShut(without(shut, around.start))
    },
  }
}

export type Folds = ReturnType<typeof useFolds>

const without = (set: ReadonlySet<number>, n: number) => new Set([...set].filter((each) => each !== n))

/** What was searched for in an output that may still grow: found a slice a frame, so that nobody has to wait. */
export function useLogSearch(log: Log, facts: LogFacts, end: number, find: Finder | undefined) {
  // oxlint-disable-next-line react/exhaustive-deps -- another output is searched anew
  const search = useMemo(() => find && createSearch(find), [log, find])
  const [state, setState] = useState<{ of: typeof search; count: number; isLooking: boolean }>()
  const [current, setCurrent] = useState<{ of: typeof search; at: number }>()
  useEffect(() => {
    if (!search) return
    let frame: number | undefined
    const go = () => {
      const until = performance.now() + searchMs
      let isLooking = true
      while (isLooking && performance.now() < until) isLooking = search.advance(facts.first, end, log.row, rowsAtOnce)
      const count = search.hits().length
      setState((was) =>
        was?.of === search && was.count === count && was.isLooking === isLooking
          ? was
          : { of: search, count, isLooking },
      )
      frame = isLooking ? requestAnimationFrame(go) : undefined
    }
    go()
    return () => {
      if (frame !== undefined) cancelAnimationFrame(frame)
    }
  }, [search, log, facts.first, end])
  const hits = search?.hits() ?? []
  const at = current?.of === search ? current?.at : undefined
  return {
    count: state?.of === search ? hits.length : 0,
    isLooking: search !== undefined && (state?.of !== search || state?.isLooking === true),
    isFull: search?.isFull() ?? false,
    /** Which of them was gone to, from 0. */
    at,
    current: at === undefined ? undefined : hits[at],
    /** Those in one row. */
    inRow: (row: number): readonly Hit[] => {
      const from = firstAtOrAfter(hits, row)
      let to = from
      while (hits[to]?.row === row) to++
      return hits.slice(from, to)
    },
    /** Goes on or back by one; from the row that is seen where none was gone to yet. */
    step: (by: 1 | -1, firstSeen: number): Hit | undefined => {
      if (hits.length === 0) return undefined
      const next = at === undefined ? hitFrom(hits, firstSeen) : (at + by + hits.length) % hits.length
      setCurrent({ of: search, at: next })
      return hits[next]
    },
  }
}

export type LogSearch = ReturnType<typeof useLogSearch>

function firstAtOrAfter(hits: readonly Hit[], row: number): number {
  let [low, high] = [0, hits.length]
  while (low < high) {
    const mid = (low + high) >> 1
    if ((hits[mid]?.row ?? 0) < row) low = mid + 1
    else high = mid
  }
  return low
}
