import type { Mention } from '@tandem/shared'

/** So many are offered at once. */
const maxOffered = 8
const maxMentions = 50

/** What is being typed after an `@` just before the caret, and where the `@` stands; undefined where none is. */
export function mentionAt(text: string, caret: number): { from: number; query: string } | undefined {
  const found = /(?:^|\s)@([^\s@]*)$/.exec(text.slice(0, caret))
  return found ? { from: caret - (found[1] ?? '').length - 1, query: found[1] ?? '' } : undefined
}

/** The paths that fit what was typed: its letters in order, the file's own name before the folders it is in. */
export function offered(paths: Iterable<string>, query: string): readonly string[] {
  const wanted = query.toLowerCase()
  const scored: { path: string; score: number }[] = []
  for (const path of paths) {
    const score = scoreOf(path.toLowerCase(), wanted)
    if (score !== undefined) scored.push({ path, score })
  }
  return scored
    .toSorted((a, b) => a.score - b.score || a.path.length - b.path.length || (a.path < b.path ? -1 : 1))
    .slice(0, maxOffered)
    .map(({ path }) => path)
}

function scoreOf(path: string, wanted: string): number | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (name.startsWith(wanted)) return 0
  if (name.includes(wanted)) return 1
  if (path.includes(wanted)) return 2
  let at = 0
  for (const letter of wanted) {
    at = path.indexOf(letter, at) + 1
    if (at === 0) return undefined
  }
  return 3
}

/** The files that a text speaks of as `@path` or `@path:3-12`, of those that there are. */
export function mentionsIn(text: string, isPath: (path: string) => boolean): Mention[] {
  const found = new Map<string, Mention>()
  for (const [, word = ''] of text.matchAll(/(?:^|\s)@(\S+)/g)) {
    for (const candidate of [word, word.replace(/[.,;:!?)\]]+$/, '')]) {
      const [, path = '', from, to] = /^(.*?)(?::(\d{1,7})(?:-(\d{1,7}))?)?$/.exec(candidate) ?? []
      if (!isPath(path) || found.size >= maxMentions) continue
      const lines = {
        ...(Number(from) > 0 && { fromLine: Number(from) }),
        ...(Number(to) > 0 && { toLine: Number(to) }),
      }
      found.set(candidate, { path, ...lines })
      break
    }
  }
  return [...found.values()]
}
