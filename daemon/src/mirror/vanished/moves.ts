import { splitLines, type Id } from '@tandem/shared'
import type { Mirroring } from '../context.ts'

/** Files that are gone, among which a new one is sought: it may be one of them, saved anew and renamed. */
export type Moves = {
  /** Which of them this is: the same content, else the one most like it; undefined where none is. */
  from(file: { hash: string; text: string }): Id | undefined
  /** Nobody else is that one. */
  take(id: Id): void
}

/**
 * With this part of what it had in a new file, a text is that file: the half, as where git detects renames. Git takes it
 * of the larger one of the two; here a file that doubled while nobody looked must not be taken for another, since what
 * others typed into it meanwhile would bring the old one back beside it.
 */
const likeEnough = 0.5
/** Among more than these only the same content is sought, as git does beyond its `diff.renameLimit`. */
const mostCompared = 500

/** Whether a text is another one as it went on. */
export function isLike(was: string, is: string): boolean {
  const has = counted(is)
  let common = 0
  for (const [line, times] of counted(was)) common += line.length * Math.min(times, has.get(line) ?? 0)
  return common >= likeEnough * was.length
}

/** Content tells what the file system cannot: that which has another inode and another name was the same file. */
export async function createMoves(m: Mirroring, gone: readonly Id[]): Promise<Moves> {
  const byHash = new Map<string, Id>()
  for (const id of gone) {
    const shadow = m.shadows.get(id)
    if (shadow && shadow.size > 0 && shadow.hash !== '') byHash.set(shadow.hash, id)
  }
  const isFree = new Set(gone)
  const sizes = new Map<Id, number>()
  const holders = new Map<string, Map<Id, number>>()
  for (const id of gone.length > mostCompared ? [] : gone) {
    const text = m.shadows.get(id)?.kind === 'text' ? await m.shadows.text(id) : undefined
    if (text === undefined) continue
    sizes.set(id, text.length)
    for (const [line, times] of counted(text)) {
      const known = holders.get(line) ?? new Map<Id, number>()
      holders.set(line, known.set(id, times))
    }
  }
  const mostLike = (text: string): Id | undefined => {
    const common = new Map<Id, number>()
    for (const [line, times] of counted(text))
      for (const [id, most] of holders.get(line) ?? [])
        common.set(id, (common.get(id) ?? 0) + line.length * Math.min(times, most))
    let [best, bestShare] = [undefined as Id | undefined, 0]
    for (const [id, length] of common) {
      const size = sizes.get(id) ?? 0
      const share = length / Math.max(text.length, size)
      if (isFree.has(id) && length >= likeEnough * size && share > bestShare) [best, bestShare] = [id, share]
    }
    return best
  }
  return {
    from: ({ hash, text }) => {
      const same = byHash.get(hash)
      if (same !== undefined && isFree.has(same)) return same
      return sizes.size > 0 ? mostLike(text) : undefined
    },
    take: (id) => void isFree.delete(id),
  }
}

/** How often each line is there. */
function counted(text: string): Map<string, number> {
  const lines = new Map<string, number>()
  for (const line of splitLines(text)) lines.set(line, (lines.get(line) ?? 0) + 1)
  return lines
}
