import { keepBoth } from './keep-both.ts'
import { diffLines, splitLines, type Hunk } from './lines.ts'

export type Merged = {
  text: string
  /** Regions of the base that both sides changed differently: both are in the text, and a person should look. */
  conflicts: number
}

/**
 * Merges by lines what disk and document each made of `base`. Where both changed the same lines, both are kept, once
 * each: the document's, then what the disk added. Never markers: they would be compiled.
 */
export function merge(base: string, disk: string, remote: string): Merged {
  if (disk === remote || disk === base) return { text: remote, conflicts: 0 }
  if (remote === base) return { text: disk, conflicts: 0 }
  // Whether the last line ends in a line feed is merged by itself, so that a line is the same line with and without.
  const [o, d, r] = [splitLines(ended(base)), splitLines(ended(disk)), splitLines(ended(remote))]
  const [hunksD, hunksR] = [diffLines(o, d), diffLines(o, r)]
  const out: string[] = []
  const push = (lines: readonly string[]) => {
    for (const line of lines) out.push(line)
  }
  let conflicts = 0
  let at = 0
  for (const region of regions(hunksD, hunksR)) {
    push(o.slice(at, region.start))
    const mine = side(d, region.d, region)
    const theirs = side(r, region.r, region)
    if (!mine) push(theirs ?? [])
    else if (!theirs || same(mine, theirs)) push(mine)
    else {
      // Two insertions at one place lose nothing and need nobody's eye, nor does a change that went further on one side.
      if (region.end > region.start && isContested(mine, theirs)) conflicts++
      push(keepBoth(o.slice(region.start, region.end), mine, theirs))
    }
    at = region.end
  }
  push(o.slice(at))
  const text = out.join('')
  return { text: endsOpen(base, disk, remote) ? text.replace(/\n$/, '') : text, conflicts }
}

/** The lines that two texts have in common, in order. */
export function commonLines(a: string, b: string): string {
  const lines = splitLines(a)
  const out: string[] = []
  let at = 0
  for (const { a0, a1 } of diffLines(lines, splitLines(b))) {
    for (; at < a0; at++) out.push(lines[at] ?? '')
    at = a1
  }
  return [...out, ...lines.slice(at)].join('')
}

/** Whether the merge's last line lacks its line feed: what the side that changed it wants. */
function endsOpen(base: string, disk: string, remote: string): boolean {
  const [o, d, r] = [base, disk, remote].map((text) => text !== '' && !text.endsWith('\n'))
  return d === o ? r === true : d === true
}

type Region = { start: number; end: number; d: Hunk[]; r: Hunk[] }

/** Joins the hunks of both sides that overlap in the base, or start at the same line. */
function regions(hunksD: readonly Hunk[], hunksR: readonly Hunk[]): Region[] {
  const out: Region[] = []
  let [i, j] = [0, 0]
  for (;;) {
    const start = Math.min(hunksD[i]?.a0 ?? Infinity, hunksR[j]?.a0 ?? Infinity)
    if (start === Infinity) return out
    const region: Region = { start, end: start, d: [], r: [] }
    for (let grew = true; grew;) {
      grew = false
      for (const [hunks, k, into] of [
        [hunksD, i, region.d],
        [hunksR, j, region.r],
      ] as const) {
        const hunk = hunks[k]
        if (!hunk || !(hunk.a0 < region.end || hunk.a0 === start)) continue
        into.push(hunk)
        region.end = Math.max(region.end, hunk.a1)
        if (into === region.d) i++
        else j++
        grew = true
      }
    }
    out.push(region)
  }
}

/** What one side has in the place of the region; undefined where it left it as it was. */
function side(lines: readonly string[], hunks: readonly Hunk[], region: Region): string[] | undefined {
  const [first, last] = [hunks[0], hunks.at(-1)]
  if (!first || !last) return undefined
  return lines.slice(first.b0 - (first.a0 - region.start), last.b1 + (region.end - last.a1))
}

const same = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((line, i) => line === b[i])

/** Whether each side has lines of its own between what they have in common at head and tail. */
function isContested(a: readonly string[], b: readonly string[]): boolean {
  const shorter = Math.min(a.length, b.length)
  let head = 0
  while (head < shorter && a[head] === b[head]) head++
  let tail = 0
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  return head + tail < shorter
}

const ended = (text: string) => (text === '' || text.endsWith('\n') ? text : text + '\n')
