import type { FileEntry, FileFacts, MirrorConflict } from '@tandem/shared/docs'

export type Side = 'disk' | 'remote'
type Blob = { blob: string; size: number }

/** What it takes to keep one side of a conflict, or why it cannot be done from here. */
export type KeepPlan =
  /** It is in place already: the conflict has only to be settled. */
  | { is: 'settle' }
  /** The file's facts name another blob. */
  | { is: 'facts'; facts: FileFacts }
  /** The text is edited: what `chosen` says, and on top of it what was typed since `before` was in place. */
  | { is: 'edit'; chosen: Blob; before: Blob | undefined }
  | { is: 'no'; why: string }

/** How `side` would be kept. `entry` is the file as it is now, `name` the machine that has the versions. */
export function keepPlan(conflict: MirrorConflict, side: Side, entry: FileEntry, name: string): KeepPlan {
  const { kind, sides, record } = conflict
  // Of lines that both changed both are in the text; else the shared version is what everyone has.
  if (kind !== 'lines' && side === 'remote') return { is: 'settle' }
  const chosen = sides[side]
  const away = (of: string) => ({
    is: 'no' as const,
    why: `That version is not on the server. It is in the folder on ${name}: ${record}.${of}`,
  })
  if (!chosen) return away(side)
  if (entry.kind === 'blob' && entry.facts) {
    const { withheld: _, ...facts } = entry.facts
    return { is: 'facts', facts: { ...facts, blob: chosen.blob, size: chosen.size } }
  }
  if (entry.kind !== 'text' || entry.facts?.withheld !== undefined)
    return {
      is: 'no',
      why: `Only a person at ${name} can put that version in place. It is in the folder there: ${record}.${side}`,
    }
  const before = sides.merged ?? (kind === 'lines' ? undefined : sides.remote)
  if (kind === 'lines' && !before) return away('merged')
  return { is: 'edit', chosen, before }
}

/** The blobs a plan has to read first. */
export const blobsOf = (plan: KeepPlan): readonly Blob[] =>
  plan.is === 'edit' ? [plan.chosen, ...(plan.before ? [plan.before] : [])] : []
