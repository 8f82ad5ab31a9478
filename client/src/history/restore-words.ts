import { visibleText, type RestoreAnswer } from '@tandem/shared'
import type { Pair } from './compare.ts'
import { countFiles } from './step-words.ts'

/** What is to be brought back: some files, or everything; `differing` counts the files that would change. */
export type Wanted = { version: number; when: string } & (
  | { pairs: readonly { path: string; existed: boolean }[] }
  | { pairs?: undefined; differing: number | undefined }
)

/** What will happen, before it does. */
export function restoreWords(wanted: Wanted): string {
  const then = `version ${wanted.version.toLocaleString('en')} (${wanted.when})`
  if (!wanted.pairs) {
    const { differing } = wanted
    if (differing === 0) return `Nothing differs from ${then}: nothing will change.`
    const what =
      differing === undefined
        ? 'The whole workspace becomes'
        : `${countFiles(differing)} will change, so that the whole workspace is`
    return `${what} as it was at ${then}. What was made since is deleted, what was deleted since comes back.`
  }
  const back = wanted.pairs.filter((pair) => pair.existed)
  const gone = wanted.pairs.filter((pair) => !pair.existed)
  const [only] = wanted.pairs
  if (only && wanted.pairs.length === 1) {
    const path = visibleText(only.path)
    return only.existed
      ? `${path} gets back the text it had at ${then}.`
      : `${path} did not exist at ${then}: it is deleted.`
  }
  const parts = [
    ...(back.length > 0
      ? [`${countFiles(back.length)} ${back.length === 1 ? 'gets' : 'get'} back the text of ${then}`]
      : []),
    ...(gone.length > 0
      ? [`${countFiles(gone.length)} that did not exist then ${gone.length === 1 ? 'is' : 'are'} deleted`]
      : []),
  ]
  return `${parts.join('; ')}.`
}

/** What did happen. */
export function restoredWords({ files, conflicts }: Pick<RestoreAnswer, 'files' | 'conflicts'>): string {
  const done = files.length === 0 ? 'Nothing differed: nothing was changed.' : `Restored ${countFiles(files.length)}.`
  if (conflicts.length === 0) return done
  const named = conflicts.slice(0, 3).map(visibleText).join(', ')
  const more = conflicts.length > 3 ? ` and ${conflicts.length - 3} more` : ''
  return `${done} Both sides were kept in ${named}${more}.`
}

/** A file as it was on one side of a comparison. */
export const targetOf = (pair: Pair, side: 'before' | 'after') => ({
  path: pair.path,
  existed: pair[side] !== undefined,
})
