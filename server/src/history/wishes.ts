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

/** What is wanted; `left` names files that differ and stay: only texts and folders are shared, nothing else can come back. */
export type Wishes = { wishes: Wish[]; left: string[] }

type Chosen = { paths?: readonly string[] | undefined; files?: readonly Id[] | undefined }
type Deps = { updates: Pick<UpdateLog, 'stat'>; versions: VersionStore }

/** What a restore wants: everything chosen as it was at `version`; what was made since is gone. */
export async function wishesToRestore(
  { updates, versions }: Deps,
  now: FilesSnapshot,
  version: number,
  chosen: Chosen,
): Promise<Wishes> {
  const then = await versions.index(version)
  const wanted: Wishes = { wishes: [], left: [] }
  for (const id of chosenIn([then, now], chosen)) {
    const [was, is] = [placeOf(then, id), placeOf(now, id)]
    const wish: Wish = { id }
    if (!isSame(was, is)) wish.place = was
    const isShared = areShared([then, now], id)
    if (isShared && isText(was) && changedSince(updates, id, version)) {
      const text = await versions.text(id, version)
      wish.text = () => ({ text, conflicts: 0 })
    }
    add(wanted, wish, isShared || (isBoth(was, is) && isSameBlob(then, now, id)), now)
  }
  return wanted
}

/** What a revert wants: what happened after `from` up to `to` taken back, and what came later kept. */
export async function wishesToRevert(
  { updates, versions }: Deps,
  now: FilesSnapshot,
  { from, to }: { from: number; to: number },
  chosen: Chosen,
): Promise<Wishes> {
  const [before, after] = [await versions.index(from), await versions.index(to)]
  const wanted: Wishes = { wishes: [], left: [] }
  for (const id of chosenIn([before, after, now], chosen)) {
    const [was, became] = [placeOf(before, id), placeOf(after, id)]
    const wish: Wish = { id }
    if (!isSame(was, became)) Object.assign(wish, { place: was, ifAt: became })
    const isShared = areShared([before, after, now], id)
    if (isShared && (isText(was) || isText(became)) && changedSince(updates, id, from)) {
      const [theirs, base] = [await versions.text(id, from), await versions.text(id, to)]
      if (was === 'nowhere') wish.ifText = base
      else if (theirs !== base) wish.text = (ours) => merge(base, theirs, ours)
    }
    add(wanted, wish, isShared || (isBoth(was, became) && isSameBlob(before, after, id)), now)
  }
  return wanted
}

function add({ wishes, left }: Wishes, wish: Wish, isPossible: boolean, now: FilesSnapshot): void {
  const differs = wish.place !== undefined || wish.text !== undefined
  if (isPossible && differs) wishes.push(wish)
  else if (!isPossible) left.push(now.byId.get(wish.id)?.path ?? wish.id)
}

const changedSince = (updates: Deps['updates'], id: Id, version: number) =>
  (updates.stat(docPath({ kind: 'file', fileId: id }))?.seq ?? 0) > version

/** Whether it is a text or a folder wherever it is: to delete anything else, or to bring it back, would lose it. */
const areShared = (indexes: readonly FilesSnapshot[], id: Id) =>
  indexes.every(({ byId }) => {
    const entry = byId.get(id)
    return !entry || entry.kind === 'dir' || (entry.kind === 'text' && entry.facts?.withheld === undefined)
  })

const isSameBlob = (a: FilesSnapshot, b: FilesSnapshot, id: Id) =>
  a.byId.get(id)?.facts?.blob === b.byId.get(id)?.facts?.blob
const isBoth = (a: Place, b: Place) => (a === 'nowhere') === (b === 'nowhere')
const isText = (place: Place) => place !== 'nowhere' && place.kind === 'text'

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
