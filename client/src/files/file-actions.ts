import { checkPath, clashKey, nameOf, parentOf, type Id } from '@tandem/shared'
import type { Files } from '@tandem/shared/docs'

/** What our own writes to the index carry. */
const origin = 'files'

/** The id of what was made or moved, or why it was not, in words for a person. */
export type Outcome = { id?: Id; refused?: string }

/** Makes an empty file or folder. */
export function create(files: Files, path: string, kind: 'text' | 'dir'): Outcome {
  const refused = whyNot(files, path)
  return refused === undefined ? { id: files.transact(() => files.create(path, kind), origin) } : { refused }
}

/** Gives a file, or a folder with all that is in it, another path: one change, one undo. */
export function move(files: Files, from: string, to: string): Outcome {
  if (from === to) return {}
  if (to.startsWith(from + '/')) return { refused: 'A folder cannot move into itself.' }
  const refused = whyNot(files, to, from)
  if (refused !== undefined) return { refused }
  files.transact(() => {
    for (const entry of below(files, from)) files.move(entry.id, to + entry.path.slice(from.length))
  }, origin)
  return {}
}

/**
 * Marks a file, or a folder with all that is in it, as deleted; `undo` brings back exactly these. `snapshotOf` tells
 * the state of a text at this moment, so that somebody's later edit is not lost with it.
 */
export function remove(
  files: Files,
  path: string,
  by: Id,
  at: number,
  snapshotOf: (id: Id) => string | undefined,
): { count: number; undo: () => void } {
  const entries = below(files, path)
  files.transact(() => {
    for (const { id } of entries) {
      const snapshot = snapshotOf(id)
      files.remove(id, { by, at, ...(snapshot !== undefined && { snapshot }) })
    }
  }, origin)
  return {
    count: entries.filter((e) => e.kind !== 'dir').length,
    undo: () => files.transact(() => entries.forEach(({ id }) => files.restore(id)), origin),
  }
}

const below = (files: Files, path: string) =>
  [...files.snapshot().byPath.values()].filter((e) => e.path === path || e.path.startsWith(path + '/'))

/** Why there can be nothing new at `path`; undefined where there can. `moving` may be in its own way. */
function whyNot(files: Files, path: string, moving?: string): string | undefined {
  const checked = checkPath(path)
  if ('refused' in checked) return sentence(checked.refused.message)
  const key = clashKey(path)
  for (const taken of files.snapshot().byPath.keys()) {
    if (taken === moving || (moving !== undefined && taken.startsWith(moving + '/'))) continue
    // Also `Readme` beside `README`: some of the disks that hold this workspace cannot tell them apart.
    if (clashKey(taken) === key || clashKey(taken).startsWith(key + '/'))
      return `There is already ${nameOf(path)} in ${parentOf(path) || 'this workspace'}.`
    if (key.startsWith(clashKey(taken) + '/') && files.snapshot().byPath.get(taken)?.kind !== 'dir')
      return `${nameOf(taken)} is a file, not a folder.`
  }
  return undefined
}

const sentence = (reason: string) => `${reason.slice(0, 1).toUpperCase()}${reason.slice(1).replace(/ \(.*\)$/, '')}.`
