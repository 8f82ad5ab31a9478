import { withoutColour, type Row } from './log-rows.ts'

/** A part of the output that the program gave a name: its heading is row `start`, it ends before row `end`. */
export type Fold = { readonly start: number; readonly end: number | undefined; readonly title: string }

/** What a row says about folds, and what of it is shown: GitHub's `::group::` (GitLab's are read as these) and Buildkite's `---`, `+++`, `~~~`. */
type Marker = { is: 'group' | 'heading'; title: string } | { is: 'end' }

/**
 * Finds the folds of a growing output; each row is looked at once. A `---` line right before a `+++` line is how a diff
 * begins, and no heading.
 */
export function createFolds() {
  const folds: Fold[] = []
  /** Rows that only end a group: they say nothing to a reader. */
  const ends: number[] = []
  let seen = 0
  let open: { is: 'group' | 'heading' } | undefined

  const close = (end: number) => {
    const last = folds.at(-1)
    if (open && last) folds[folds.length - 1] = { ...last, end }
    open = undefined
  }
  const look = (n: number, row: Row, before: Row | undefined) => {
    const marker = markerOf(row)
    if (!marker) return
    if (marker.is === 'end') {
      if (open?.is !== 'group') return
      close(n)
      ends.push(n)
      return
    }
    if (marker.is === 'heading') {
      // Inside a group a heading is a line like any other.
      if (open?.is === 'group') return
      if (row.text.startsWith('+++') && before?.text.startsWith('--- ') && folds.at(-1)?.start === n - 1) {
        folds.pop()
        open = undefined
        return
      }
    }
    close(n)
    folds.push({ start: n, end: undefined, title: marker.title })
    open = { is: marker.is }
  }
  return {
    /** Looks at the rows that came since, up to `end`. True where that changed the folds. */
    scan: (end: number, first: number, rowAt: (n: number) => Row | undefined): boolean => {
      const [count, wasOpen] = [folds.length, open]
      for (let n = Math.max(seen, first); n < end; n++) {
        const row = rowAt(n)
        if (row && mayMark(row.text)) look(n, row, rowAt(n - 1))
      }
      seen = Math.max(seen, end)
      return folds.length !== count || open !== wasOpen
    },
    all: (): readonly Fold[] => folds,
    /** Rows that are never shown. */
    ends: (): readonly number[] => ends,
  }
}

/** Most rows are ruled out by their first character. */
const mayMark = (text: string) => ':#-+~\u001b'.includes(text[0] ?? ' ')

function markerOf({ text: coloured, goesOn }: Row): Marker | undefined {
  if (goesOn) return undefined
  const text = withoutColour(coloured)
  const group = /^(?:::|##\[)group(?:::|\])(.*)$/.exec(text)
  if (group) return { is: 'group', title: group[1]?.trim() || 'Group' }
  if (/^(?:::|##\[)endgroup(?:::|\])/.test(text)) return { is: 'end' }
  const heading = /^(?:---|\+\+\+|~~~) (\S.*)$/.exec(text)
  return heading ? { is: 'heading', title: heading[1] ?? '' } : undefined
}

/**
 * What a shut part hides: how many lines, and how long it took until the next began, ms. `until`: where the output ends
 * by now.
 */
export function hiddenBy(
  { start, end = Infinity }: Fold,
  until: number,
  rowAt: (n: number) => Row | undefined,
): { lines: number; tookMs: number } {
  const after = Math.min(end, until)
  const [from, last] = [rowAt(start), rowAt(after - 1)]
  const lines =
    from?.line === undefined || last?.line === undefined ? Math.max(0, after - start - 1) : last.line - from.line
  const over = rowAt(end) ?? last ?? from
  return { lines, tookMs: Math.max(0, (over?.t ?? 0) - (from?.t ?? 0)) }
}

/** Which rows are not shown when these folds are shut: `[from, to)` each, in order and apart. */
export function hiddenRows(
  folds: readonly Fold[],
  ends: readonly number[],
  shut: ReadonlySet<number>,
  end: number,
): readonly (readonly [number, number])[] {
  const ranges = folds.flatMap((fold): [number, number][] =>
    shut.has(fold.start) ? [[fold.start + 1, fold.end ?? end]] : [],
  )
  const all = [...ranges, ...ends.map((n): [number, number] => [n, n + 1])]
    .filter(([from, to]) => to > from)
    .toSorted(([a], [b]) => a - b)
  const merged: [number, number][] = []
  for (const [from, to] of all) {
    const last = merged.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}
