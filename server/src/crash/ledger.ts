/** Something a writer did to a text: marks put in or taken out, and which number that change has with its client. */
export type Deed = { n: number; kind: 'insert' | 'delete'; marks: readonly string[] }

/** A text's marks, in order. Throws where something else stands in it. */
export function marksIn(text: string): string[] {
  const marks = [...text.matchAll(/\[(\w+\.\d+):x*\]/g)].map(([, mark = '']) => mark)
  const rest = text.replaceAll(/\[\w+\.\d+:x*\]/g, '')
  if (rest !== '')
    throw new Error(`there is something in between that nobody wrote: ${JSON.stringify(rest.slice(0, 200))}`)
  return marks
}
export const markText = (mark: string, filler: number): string => `[${mark}:${'x'.repeat(filler)}]`

/** What was promised of one text: which marks must be there, and which must not. */
export type Ledger = {
  /** These were acknowledged. */
  promise(deeds: readonly Deed[]): void
  /** Compares a text with what was promised; `open` was done, but nothing was heard of it. Returns what is wrong. */
  check(text: string, open: readonly Deed[]): string[]
  /** All copies agree on this text, and nobody has another: from now on it is what was promised. */
  settle(text: string): void
}

export function createLedger(): Ledger {
  let there = new Set<string>()
  const gone = new Set<string>()
  return {
    promise: (deeds) => {
      for (const { kind, marks } of deeds) {
        for (const mark of marks) {
          if (kind === 'delete') {
            there.delete(mark)
            gone.add(mark)
          } else if (!gone.has(mark)) there.add(mark)
        }
      }
    },
    check: (text, open) => {
      const marks = marksIn(text)
      const found = new Set(marks)
      const tried = (kind: Deed['kind']) => new Set(open.flatMap((deed) => (deed.kind === kind ? deed.marks : [])))
      const [inserting, deleting] = [tried('insert'), tried('delete')]
      return [
        ...[...there].filter((m) => !found.has(m) && !deleting.has(m)).map((m) => `lost: ${m}`),
        ...[...gone].filter((m) => found.has(m)).map((m) => `deleted and back: ${m}`),
        ...marks.filter((m, i) => marks.indexOf(m) !== i).map((m) => `twice: ${m}`),
        ...[...found]
          .filter((m) => !there.has(m) && !gone.has(m) && !inserting.has(m))
          .map((m) => `from nowhere: ${m}`),
      ]
    },
    settle: (text) => {
      const now = new Set(marksIn(text))
      for (const mark of there) if (!now.has(mark)) gone.add(mark)
      there = now
    },
  }
}
