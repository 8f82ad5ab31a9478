import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutAtMarks } from './ansi-line.tsx'
import { createFolds, hiddenBy, hiddenRows } from './log-folds.ts'
import { createLayout } from './log-layout.ts'
import { createRows } from './log-rows.ts'
import { patternFinder } from './log-pattern.ts'
import { createSearch, hitFrom, wordsFinder } from './log-search.ts'
import { sinceStart } from './log-line.tsx'

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

function rowsFrom(text: string) {
  const rows = createRows()
  rows.take([{ q: 0, o: 0, t: 0, s: 1, d: new TextEncoder().encode(text) }])
  return rows
}
function foldsIn(text: string) {
  const rows = rowsFrom(text)
  const folds = createFolds()
  folds.scan(rows.range().end, 0, rows.row)
  return folds
}

test('[UI-168] groups of GitHub and headings of Buildkite are parts, and end where the next begins', () => {
  const folds = foldsIn(
    ['::group::Install', 'a', '--- in it', '::endgroup::', '--- Test', 'b', '\u001b[1m+++ Lint\u001b[0m', 'c'].join(
      '\n',
    ),
  )
  expect(folds.all()).toEqual([
    { start: 0, end: 3, title: 'Install' },
    { start: 4, end: 6, title: 'Test' },
    { start: 6, end: undefined, title: 'Lint' },
  ])
  expect(folds.ends()).toEqual([3])
})

test('[UI-168] sections of GitLab are parts, also where a chunk ends inside their marks', () => {
  const text =
    '\u001b[0Ksection_start:1560896352:install[collapsed=true]\r\u001b[0KInstall\nadded\n' +
    '\u001b[0Ksection_end:1560896353:install\r\u001b[0K\nafter\n'
  // Chunks end inside no escape sequence.
  const isWhole = (head: string) => !['', '[', '[0'].some((begun) => head.endsWith(`\u001b${begun}`))
  const cuts = range(text.length).filter((at) => isWhole(text.slice(0, at)))
  for (const cut of cuts) {
    const rows = createRows()
    const [head, tail] = [text.slice(0, cut), text.slice(cut)].map((part) => new TextEncoder().encode(part))
    rows.take([{ q: 0, o: 0, t: 0, s: 1, d: head ?? new Uint8Array() }])
    rows.take([{ q: 1, o: cut, t: 0, s: 1, d: tail ?? new Uint8Array() }])
    const folds = createFolds()
    folds.scan(rows.range().end, 0, rows.row)
    expect([cut, folds.all(), folds.ends()]).toEqual([cut, [{ start: 0, end: 2, title: 'Install' }], [2]])
  }
})

test('[UI-206] a shut part says how many lines it hides and how long it took, until the next begins', () => {
  const rows = createRows()
  const lines = ['--- One', 'x'.repeat(9_000), 'b', '--- Two', 'c']
  lines.forEach((line, q) =>
    rows.take([{ q, o: q * 10, t: q * 1_000, s: 1, d: new TextEncoder().encode(`${line}\n`) }]),
  )
  const folds = createFolds()
  const { end } = rows.range()
  folds.scan(end, 0, rows.row)
  expect(folds.all().map((fold) => hiddenBy(fold, end, rows.row))).toEqual([
    { lines: 2, tookMs: 3_000 },
    { lines: 1, tookMs: 1_000 },
  ])
})

test('[UI-168] a diff is no part, nor is a rule, nor the end of a group that never began', () => {
  const folds = foldsIn(['--- a/x.ts', '+++ b/x.ts', '---', '--', '::endgroup::', '+added'].join('\n'))
  expect(folds.all()).toEqual([])
  expect(folds.ends()).toEqual([])
})

test('[UI-168] folds of a growing output are found as they come', () => {
  const rows = createRows()
  const folds = createFolds()
  const add = (q: number, text: string) => {
    rows.take([{ q, o: 0, t: 0, s: 1, d: new TextEncoder().encode(text) }])
    return folds.scan(rows.settled(), 0, rows.row)
  }
  expect(add(0, 'x\n::gro')).toBe(false)
  expect(add(1, 'up::One\ny\n')).toBe(true)
  expect(folds.all()).toEqual([{ start: 1, end: undefined, title: 'One' }])
  expect(hiddenRows(folds.all(), folds.ends(), new Set([1]), rows.range().end)).toEqual([[2, 3]])
  expect(add(2, '::endgroup::\n')).toBe(true)
  expect(hiddenRows(folds.all(), folds.ends(), new Set([1]), rows.range().end)).toEqual([[2, 4]])
  expect(hiddenRows(folds.all(), folds.ends(), new Set(), rows.range().end)).toEqual([[3, 4]])
})

test('[UI-175] where each row lies is what counting them one by one gives, wrapped or not, folded or not', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(30), { minLength: 1, maxLength: 60 }),
      fc.array(fc.tuple(fc.nat(60), fc.nat(8)), { maxLength: 4 }),
      fc.nat(12),
      fc.nat(20),
      (widths, folded, columns, drop) => {
        const count = widths.length
        const first = Math.min(drop, count - 1)
        const hidden = hiddenRows(
          folded.map(([start, length]) => ({ start, end: Math.min(count, start + length + 1), title: '' })),
          [],
          new Set(folded.map(([start]) => start)),
          count,
        ).filter(([from]) => from >= first)
        const layout = createLayout()
        const widthOf = (n: number) => widths[n] ?? 0
        // As it grows, with the last row still open, and rows going at the head.
        const half = Math.ceil(count / 2)
        layout.update({ first: 0, end: half }, half - 1, columns, [], (n) => (n === half - 1 ? 1 : widthOf(n)))
        layout.update({ first, end: Math.max(first, count) }, count, columns, hidden, widthOf)
        const isHidden = (n: number) => hidden.some(([from, to]) => n >= from && n < to)
        const lines = (n: number) => (columns === 0 ? 1 : Math.max(1, Math.ceil(widthOf(n) / columns)))
        let top = 0
        for (const n of range(count).slice(first)) {
          expect(layout.topOf(n)).toBe(top)
          if (isHidden(n)) continue
          for (let line = top; line < top + lines(n); line++) expect(layout.rowAt(line)).toBe(n)
          top += lines(n)
        }
        expect(layout.total()).toBe(top)
      },
    ),
  )
})

test('[UI-167] hits are found as the output grows, whatever their case, without colours', () => {
  const rows = rowsFrom('Error one\nfine\nan \u001b[31mer\u001b[0mror and an ERROR')
  const search = createSearch(wordsFinder('error'))
  expect(search.advance(0, 3, rows.row, 2)).toBe(true)
  expect(search.hits()).toEqual([{ row: 0, from: 0, to: 5 }])
  expect(search.advance(0, 3, rows.row, 2)).toBe(false)
  expect(search.hits()).toEqual([
    { row: 0, from: 0, to: 5 },
    { row: 2, from: 3, to: 8 },
    { row: 2, from: 16, to: 21 },
  ])
  expect([0, 1, 2, 3].map((row) => hitFrom(search.hits(), row))).toEqual([0, 1, 1, 0])
  // What is let go at the head takes its hits along.
  search.advance(1, 3, rows.row, 2)
  expect(search.hits()).toHaveLength(2)
})

test('[UI-207] a regular expression finds its places, and what is none says so; none is slow', () => {
  const places = (pattern: string, text: string) => {
    const found = patternFinder(pattern)
    return 'find' in found ? found.find(text) : found.trouble
  }
  expect(places('e[rx]+or|\\d+$', 'Error in line 12')).toEqual([
    [0, 5],
    [14, 16],
  ])
  expect(places('x*', 'axxb')).toEqual([[1, 3]])
  expect(places('(', 'a')).toMatch(/^this is no pattern we know: /)
  expect(places('a{150}b{150}', 'a')).toBe('this pattern repeats too often')
  // What takes for ever in an engine that tries each way.
  expect(places('(a+)+$', `${'a'.repeat(4_000)}!`)).toEqual([])
})

test('[UI-167] marks cut spans where they begin and end', () => {
  const span = (text: string, className = '') => ({ text, className, color: undefined })
  const cut = cutAtMarks([span('an '), span('er', 'red'), span('ror!')], [{ from: 3, to: 8, isCurrent: true }])
  expect(cut.map(({ text, className, mark }) => [text, className, mark !== undefined])).toEqual([
    ['an ', '', false],
    ['er', 'red', true],
    ['ror', '', true],
    ['!', '', false],
  ])
})

test('[UI-177] when a line came is told from when the attempt began', () => {
  expect([0, 999, 59_960, 61_300, 3_727_300].map(sinceStart)).toEqual([
    '0:00.0',
    '0:00.9',
    '0:59.9',
    '1:01.3',
    '1:02:07.3',
  ])
})
