import type { MirrorConflict } from '@tandem/shared/docs'

/** What happened to a file, in one sentence. `name` is the machine's. */
export function conflictSentence({ kind }: Pick<MirrorConflict, 'kind'>, name: string): string {
  switch (kind) {
    case 'lines':
      return `The same lines were changed in the folder on ${name} and elsewhere. Both versions are in the text.`
    case 'unrelated':
      return `The folder on ${name} had another text here. The shared one is in place, the other is kept.`
    case 'blob':
      return `This file was changed in the folder on ${name} and elsewhere. The shared one is in place, the other is kept.`
    case 'replaced':
      return `Another file was in its place in the folder on ${name}. The shared one is in place, the other is kept.`
    default:
      return kind satisfies never
  }
}

/** The same in a few words, for lists and marks. */
export const conflictTitle = ({ kind }: Pick<MirrorConflict, 'kind'>): string =>
  kind === 'lines' ? 'Changed on both sides' : 'Two versions kept'
