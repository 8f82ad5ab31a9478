import { TandemError, docPath, merge, type Id } from '@tandem/shared'
import type { FileEntry, FilesSnapshot } from '@tandem/shared/docs'
import type { UpdateLog } from '../store/log.ts'
import type { VersionStore } from './versions.ts'

/** Where a file is to be: nowhere is a deletion. */
export type Place = Pick<FileEntry, 'path' | 'kind'> | 'nowhere'

/** What is to become of a file; what is absent stays as it is. */
export type Wish = {
  id: Id
  place?: Place
  /** Only where it is still here: what came later stays. */
  ifAt?: Place
  /** The text that is wanted in the place of the one that is there, and how often both had to be kept. */
  text?: (now: string) => { text: string; conflicts: number }
  /** It is deleted only where this is still its text. */
  ifText?: string
}

type Chosen = { paths?: readonly string[] | undefined; files?: readonly Id[] | undefined }
type Deps = { updates: Pick<UpdateLog, 'stat'>; versions: VersionStore }

/** What a restore wants: everything chosen as it was at `version`; what was made since is gone. */
export async function wishesToRestore(
  { updates, versions }: Deps,
  now: FilesSnapshot,
  version: number,
  chosen: Chosen,
): Promise<Wish[]> {
  const then = await versions.index(version)
  const wishes: Wish[] = []
  for (const id of chosenIn([then, now], chosen)) {
    const [was, is] = [placeOf(then, id), placeOf(now, id)]
    const wish: Wish = { id }
    if (!isSame(was, is)) wish.place = was
    const changed = (updates.stat(docPath({ kind: 'file', fileId: id }))?.seq ?? 0) > version
    if (was !== 'nowhere' && was.kind === 'text' && changed) {
      const text = await versions.text(id, version)
      wish.text = () => ({ text, conflicts: 0 })
    }
    if (wish.place || wish.text) wishes.push(wish)
  }
  return wishes
}

/** What a revert wants: what happened after `from` up to `to` taken back, and what came later kept. */
export async function wishesToRevert(
  { updates, versions }: Deps,
  now: FilesSnapshot,
  { from, to }: { from: number; to: number },
  chosen: Chosen,
): Promise<Wish[]> {
  const [before, after] = [await versions.index(from), await versions.index(to)]
  const wishes: Wish[] = []
  for (const id of chosenIn([before, after, now], chosen)) {
    const [was, became] = [placeOf(before, id), placeOf(after, id)]
    const wish: Wish = { id }
    const changed = (updates.stat(docPath({ kind: 'file', fileId: id }))?.seq ?? 0) > from
    const isText = [was, became].some((place) => place !== 'nowhere' && place.kind === 'text')
    if (isText && changed) {
      const [theirs, base] = [await versions.text(id, from), await versions.text(id, to)]
      if (was === 'nowhere') wish.ifText = base
      else if (theirs !== base) wish.text = (ours) => merge(base, theirs, ours)
    }
    if (!isSame(was, became)) Object.assign(wish, { place: was, ifAt: became })
    if (wish.place || wish.text) wishes.push(wish)
  }
  return wishes
}

/** The files meant, all where none is named. Throws `not-found` for a path or an id that is nowhere. */
function chosenIn(indexes: readonly FilesSnapshot[], { paths, files }: Chosen): Set<Id> {
  const all = new Set(indexes.flatMap((index) => [...index.byId.keys()]))
  if (!paths && !files) return all
  const chosen = new Set<Id>()
  for (const id of files ?? []) {
    if (!all.has(id))
      throw new TandemError('not-found', { reason: 'there is no such file in these versions', file: id })
    chosen.add(id)
  }
  const wanted = new Set(paths)
  const met = new Set<string>()
  for (const { byPath } of indexes) {
    for (const [path, { id }] of byPath) {
      for (const name of withParents(path)) {
        if (!wanted.has(name)) continue
        chosen.add(id)
        met.add(name)
      }
    }
  }
  const missing = [...wanted].find((path) => !met.has(path))
  if (missing !== undefined)
    throw new TandemError('not-found', { reason: 'there is no such file in these versions', path: missing })
  return chosen
}

/** `a/b/c` → itself, `a/b`, `a`. */
function* withParents(path: string): Generator<string> {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) yield path.slice(0, end)
}

export function placeOf(index: Pick<FilesSnapshot, 'byId'>, id: Id): Place {
  const entry = index.byId.get(id)
  return entry && !entry.deleted ? { path: entry.path, kind: entry.kind } : 'nowhere'
}

export const isSame = (a: Place, b: Place): boolean =>
  a === 'nowhere' || b === 'nowhere' ? a === b : a.path === b.path && a.kind === b.kind
