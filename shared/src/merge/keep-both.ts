import { diffLines, type Hunk } from './lines.ts'

/**
 * What becomes of lines that both sides changed differently: the document's lines but those the disk deleted, then
 * the lines the disk added that the document did not add as well. Decided by place, not by wording: a closing brace
 * that the disk added belongs to its block even where the base has others like it.
 */
export function keepBoth(base: readonly string[], disk: readonly string[], remote: readonly string[]): string[] {
  const [onDisk, onRemote] = [diffLines(base, disk), diffLines(base, remote)]
  const deletedByDisk = new Set(onDisk.flatMap((h) => range(h.a0, h.a1)))
  const placeInBase = unchanged(base.length, onRemote)
  const addedByRemote = onRemote.flatMap((h) => remote.slice(h.b0, h.b1))
  return [
    ...remote.filter((_, i) => !deletedByDisk.has(placeInBase.get(i) ?? -1)),
    ...onDisk.flatMap((h) => onlyHere(disk.slice(h.b0, h.b1), addedByRemote)),
  ]
}

/** For each line of the new text that is the old one's: its number there. */
function unchanged(length: number, hunks: readonly Hunk[]): Map<number, number> {
  const places = new Map<number, number>()
  let [a, b] = [0, 0]
  for (const h of [...hunks, { a0: length, a1: length, b0: Infinity, b1: Infinity }]) {
    while (a < h.a0) places.set(b++, a++)
    a = h.a1
    b = h.b1
  }
  return places
}

/** The added lines that the other side did not add too. A line without a word goes only together with its neighbours. */
function onlyHere(added: readonly string[], others: readonly string[]): string[] {
  const fresh = new Set(diffLines(others, added).flatMap((h) => range(h.b0, h.b1)))
  const isKept = (i: number) => i >= 0 && i < added.length && fresh.has(i) && hasWord(added[i])
  return added.filter((line, i) => fresh.has(i) || (!hasWord(line) && (isKept(i - 1) || isKept(i + 1))))
}

const hasWord = (line: string | undefined) => line !== undefined && /[\p{L}\p{N}]/u.test(line)
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
