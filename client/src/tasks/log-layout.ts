type Range = { first: number; end: number }
type Hidden = readonly (readonly [number, number])[]
/** Sums of rows that are gone are let go when there are so many. */
const maxBehind = 100_000

/**
 * Where each row lies, counted in lines of the screen. Without wrapping each row is one; with it as many as its text
 * needs, which is added up as rows come: a growing output costs what was added, and finding a row is a search by halves.
 */
export function createLayout() {
  let columns = 0
  let range: Range = { first: 0, end: 0 }
  /** With wrapping: lines before each row and after the last, from row `base` on. */
  let sums: number[] = [0]
  let base = 0
  /** Rows before this one had ended when they were measured. */
  let sure = 0
  let hidden: Hidden = []
  /** Lines that are hidden by each range and those before it. */
  let hiddenSums: number[] = []

  const raw = (n: number) => (columns === 0 ? n : (sums[Math.max(0, n - base)] ?? sums.at(-1) ?? 0))
  const hiddenBefore = (n: number): number => {
    let [low, high] = [0, hidden.length]
    while (low < high) {
      const mid = (low + high) >> 1
      if ((hidden[mid]?.[0] ?? 0) < n) low = mid + 1
      else high = mid
    }
    const last = hidden[low - 1]
    if (!last) return 0
    return (hiddenSums[low - 2] ?? 0) + raw(Math.min(n, last[1])) - raw(last[0])
  }
  const topOf = (n: number) => raw(n) - raw(range.first) - hiddenBefore(n)

  return {
    /**
     * Takes what has changed. `columnsNow`: how many characters fit on a line, 0 without wrapping; `widthOf`: a row's
     * length in characters, which rows before `settled` keep. `hiddenNow` must lie within the range.
     */
    update: (now: Range, settled: number, columnsNow: number, hiddenNow: Hidden, widthOf: (n: number) => number) => {
      if (columnsNow !== columns || now.first > base + sums.length) {
        columns = columnsNow
        base = now.first
        sums = [0]
      }
      if (columns > 0) {
        if (now.first - base > maxBehind) {
          const at = sums[now.first - base] ?? 0
          sums = sums.slice(now.first - base).map((sum) => sum - at)
          base = now.first
        }
        // What may have grown since is measured again.
        sums.length = Math.min(sums.length, Math.max(1, sure - base + 1))
        for (let n = base + sums.length - 1; n < now.end; n++)
          sums.push((sums.at(-1) ?? 0) + Math.max(1, Math.ceil(widthOf(n) / columns)))
        sure = settled
      }
      range = now
      hidden = hiddenNow
      hiddenSums = []
      for (const [from, to] of hidden) hiddenSums.push((hiddenSums.at(-1) ?? 0) + raw(to) - raw(from))
    },
    /** Lines of the screen that all rows need. */
    total: (): number => topOf(range.end),
    /** Lines above a row. */
    topOf,
    /** The row that lies so many lines from the top. */
    rowAt: (line: number): number => {
      let [low, high] = [range.first, range.end]
      while (low < high) {
        const mid = (low + high) >> 1
        if (topOf(mid + 1) <= line) low = mid + 1
        else high = mid
      }
      return Math.min(low, Math.max(range.first, range.end - 1))
    },
    /** The first row at or after `n` that is shown; the end where there is none. */
    shownFrom: (n: number): number => {
      const range = hidden.find(([from, to]) => n >= from && n < to)
      return range ? range[1] : n
    },
  }
}

export type Layout = ReturnType<typeof createLayout>
