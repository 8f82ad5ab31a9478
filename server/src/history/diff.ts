import { TandemError, diffLines, splitLines, type FileDiff, type Hunk, type Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import type { UpdateLog } from '../store/log.ts'
import { changeOf } from './timeline.ts'
import type { VersionStore } from './versions.ts'

/** Lines shown unchanged around a change. */
const contextLines = 3
/** So much is compared in one answer. */
const maxFiles = 2_000
const maxLines = 50_000

type Hunks = NonNullable<FileDiff['hunks']>

type Deps = { updates: Pick<UpdateLog, 'stat'>; versions: VersionStore }
type Wanted = {
  from: number
  to: number
  /** A file, or a folder. */
  path?: string | undefined
  file?: Id | undefined
}

/**
 * What differs between two versions. Of one file the very lines; of a folder, or of all, which files, with how many
 * lines were added and removed. Throws `not-found` where the path is nowhere in either, `too-large` beyond the bounds.
 */
export async function diffVersions({ updates, versions }: Deps, { from, to, path, file }: Wanted): Promise<FileDiff[]> {
  const [was, is] = [await versions.index(from), await versions.index(to)]
  const one = file ?? (path === undefined ? undefined : (is.byPath.get(path) ?? was.byPath.get(path))?.id)
  const isOne = one !== undefined && (is.byId.get(one) ?? was.byId.get(one))?.kind !== 'dir'
  const within = (entry: FileEntry | undefined) =>
    entry !== undefined && (path === undefined || entry.path === path || entry.path.startsWith(path + '/'))
  const ids = isOne
    ? [one]
    : [...new Set([...was.byId.keys(), ...is.byId.keys()])].filter(
        (id) => within(is.byId.get(id)) || within(was.byId.get(id)),
      )
  const known = ids.filter((id) => is.byId.has(id) || was.byId.has(id))
  if (known.length === 0 && (path !== undefined || file !== undefined))
    throw new TandemError('not-found', { reason: 'there is no such file in either version', path, file })

  const between = [Math.min(from, to), Math.max(from, to)] as const
  const mayDiffer = (id: Id) => {
    const [a, b] = [was.byId.get(id), is.byId.get(id)]
    const last = updates.stat(`file/${id}`)?.seq ?? 0
    return a?.path !== b?.path || !a?.deleted !== !b?.deleted || a?.facts?.blob !== b?.facts?.blob || last > between[0]
  }
  const diffs: FileDiff[] = []
  for (const id of known) {
    if (!mayDiffer(id)) continue
    const [a, b] = [was.byId.get(id), is.byId.get(id)]
    const textOf = async (entry: FileEntry | undefined, version: number) =>
      entry && !entry.deleted && entry.kind === 'text' ? versions.text(id, version) : ''
    const [before, after] = [await textOf(a, from), await textOf(b, to)]
    const content = a?.facts?.blob !== b?.facts?.blob && a !== undefined && b !== undefined
    const change = changeOf({ id, before: a, after: b, content }, before !== after)
    if (!change) continue
    if (diffs.length >= maxFiles) {
      throw new TandemError('too-large', {
        reason: 'too many files differ: name a folder with ?path=, or versions nearer to each other',
        limit: maxFiles,
      })
    }
    diffs.push({ ...change, ...compare(before, after, isOne) })
  }
  return diffs.toSorted((x, y) => (x.path < y.path ? -1 : 1))
}

function compare(before: string, after: string, withHunks: boolean): Pick<FileDiff, 'added' | 'removed' | 'hunks'> {
  const [a, b] = [splitLines(before), splitLines(after)]
  const hunks = diffLines(a, b)
  const added = hunks.reduce((sum, h) => sum + h.b1 - h.b0, 0)
  const removed = hunks.reduce((sum, h) => sum + h.a1 - h.a0, 0)
  if (!withHunks) return { added, removed }
  if (added + removed > maxLines) {
    throw new TandemError('too-large', {
      reason: 'too many lines differ: read both versions instead',
      lines: added + removed,
      limit: maxLines,
    })
  }
  return { added, removed, hunks: inContext(a, b, hunks) }
}

/** Changes that are near to each other stand in one hunk, with the lines around them. */
function inContext(a: readonly string[], b: readonly string[], changes: readonly Hunk[]): Hunks {
  const hunks: Hunks = []
  /** The next line of the old text that is not shown yet. */
  let at = 0
  const same = (upTo: number) => {
    for (; at < Math.min(upTo, a.length); at++) hunks.at(-1)?.lines.push({ kind: 'same', text: bare(a[at]) })
  }
  for (const { a0, a1, b0, b1 } of changes) {
    if (hunks.length === 0 || a0 - at > 2 * contextLines) {
      if (hunks.length > 0) same(at + contextLines)
      at = Math.max(at, a0 - contextLines)
      hunks.push({ fromLine: at + 1, toLine: b0 - (a0 - at) + 1, lines: [] })
    }
    same(a0)
    for (const text of a.slice(a0, a1)) hunks.at(-1)?.lines.push({ kind: 'removed', text: bare(text) })
    for (const text of b.slice(b0, b1)) hunks.at(-1)?.lines.push({ kind: 'added', text: bare(text) })
    at = a1
  }
  if (hunks.length > 0) same(at + contextLines)
  return hunks
}

const bare = (line = '') => line.replace(/\n$/, '')
