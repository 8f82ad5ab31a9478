import type { Decision, Id, ReviewHunk } from '@tandem/shared'

/** A change with its id, and how people decided about it. */
export type Change = {
  readonly id: string
  readonly hunk: ReviewHunk
  readonly state: 'open' | 'accepted' | 'rejected'
}
/** What a run changed of one file, in order. `path` is the file's as the run left it. */
export type FileChanges = { readonly file: Id; readonly path: string; readonly changes: readonly Change[] }

/** What a run changed, by file, in the order in which it first came to each. What was brought back is as open as before. */
export function changesOf(
  hunks: ReadonlyMap<string, ReviewHunk>,
  decisions: ReadonlyMap<string, Decision>,
): readonly FileChanges[] {
  const byFile = new Map<Id, { file: Id; path: string; changes: Change[] }>()
  for (const [id, hunk] of [...hunks].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const decided = decisions.get(id)?.state ?? 'back'
    const of = byFile.get(hunk.file) ?? { file: hunk.file, path: hunk.path, changes: [] }
    of.path = hunk.path
    of.changes.push({ id, hunk, state: decided === 'back' ? 'open' : decided })
    byFile.set(hunk.file, of)
  }
  return [...byFile.values()]
}

/** Those of some changes that stand so, by id. */
export const idsOf = (changes: readonly Change[], ...states: Change['state'][]): string[] =>
  changes.filter(({ state }) => states.includes(state)).map(({ id }) => id)
