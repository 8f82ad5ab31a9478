/** Neighbouring characters of one writer: `clock` numbers the first of them among all that this Yjs client wrote. */
export type Run = { client: number; clock: number; text: string }

/** A part of one line, without what it says. */
export type Part = { client: number; clock: number; length: number }

export type LineBlame<A> = {
  /** Who wrote most of the line, and their parts of it. */
  main: A
  parts: readonly Part[]
  /** Who else wrote in it, the most first. */
  others: readonly A[]
}

/**
 * Cuts runs into lines. A line end counts only where there is nothing else: an empty line is theirs who made it, and
 * breaking a line in two makes neither half one's own.
 */
export function partsByLine(runs: Iterable<Run>): Part[][] {
  const lines: Part[][] = []
  let line: Part[] = []
  for (const { client, clock, text } of runs) {
    for (let at = 0; at < text.length;) {
      const end = text.indexOf('\n', at)
      const length = (end < 0 ? text.length : end) - at
      if (length > 0) line.push({ client, clock: clock + at, length })
      if (end < 0) break
      if (line.length === 0) line.push({ client, clock: clock + end, length: 1 })
      lines.push(line)
      line = []
      at = end + 1
    }
  }
  if (line.length > 0) lines.push(line)
  return lines
}

/** Whose a line is; `authorOf` gives the same author for all of their client ids. Ties go to who stands first. */
export function lineBlame<A>(parts: readonly Part[], authorOf: (client: number) => A): LineBlame<A> | undefined {
  const countByAuthor = new Map<A, number>()
  for (const { client, length } of parts) {
    const author = authorOf(client)
    countByAuthor.set(author, (countByAuthor.get(author) ?? 0) + length)
  }
  const [main, ...others] = [...countByAuthor].toSorted(([, a], [, b]) => b - a).map(([author]) => author)
  if (main === undefined) return undefined
  return { main, parts: parts.filter((part) => authorOf(part.client) === main), others }
}
