import { TandemError, docPath, merge, type Id } from '@tandem/shared'
import type { FileEntry, FileFacts, FilesSnapshot } from '@tandem/shared/docs'
import type { BlobStore } from '../store/blobs.ts'
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
  /** The content that is wanted in the place of the one that is there, where it is no text. */
  blob?: Pick<FileFacts, 'size' | 'blob'>
  /** It is replaced or deleted only where this is still its content. */
  ifBlob?: string
}

/** What is wanted; `left` names files that differ and stay: what the server does not have cannot come back. */
export type Wishes = { wishes: Wish[]; left: string[] }

type Chosen = { paths?: readonly string[] | undefined; files?: readonly Id[] | undefined }
type Deps = { updates: Pick<UpdateLog, 'stat'>; versions: VersionStore; blobs: Pick<BlobStore, 'look'> }

/** What a restore wants: everything chosen as it was at `version`; what was made since is gone. */
export async function wishesToRestore(
  { updates, versions, blobs }: Deps,
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
    const isKept = isBoth(was, is) && isSameBlob(then, now, id)
    const isShared = (!isKept || isText(was)) && (await areShared(blobs, [then, now], id))
    if (isShared && isText(was) && changedSince(updates, id, version)) {
      const text = await versions.text(id, version)
      wish.text = () => ({ text, conflicts: 0 })
    }
    const blob = was !== 'nowhere' && !isSameBlob(then, now, id) ? blobOf(then, id) : undefined
    if (blob) wish.blob = blob
    add(wanted, wish, isShared || isKept, now)
  }
  return wanted
}

/** What a revert wants: what happened after `from` up to `to` taken back, and what came later kept. */
export async function wishesToRevert(
  { updates, versions, blobs }: Deps,
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
    const isKept = isBoth(was, became) && isSameBlob(before, after, id)
    const isShared = (!isKept || isText(was) || isText(became)) && (await areShared(blobs, [before, after, now], id))
    if (isShared && (isText(was) || isText(became)) && changedSince(updates, id, from)) {
      const [theirs, base] = [await versions.text(id, from), await versions.text(id, to)]
      if (was === 'nowhere') wish.ifText = base
      else if (theirs !== base) wish.text = (ours) => merge(base, theirs, ours)
    }
    const theirs = was === 'nowhere' ? undefined : blobOf(before, id)
    const ours = became === 'nowhere' ? undefined : blobOf(after, id)
    if (theirs && theirs.blob !== ours?.blob) wish.blob = theirs
    if (ours?.blob !== undefined && theirs?.blob !== ours.blob) wish.ifBlob = ours.blob
    add(wanted, wish, isShared || isKept, now)
  }
  return wanted
}

function add({ wishes, left }: Wishes, wish: Wish, isPossible: boolean, now: FilesSnapshot): void {
  const differs = wish.place !== undefined || wish.text !== undefined || wish.blob !== undefined
  if (isPossible && differs) wishes.push(wish)
  else if (!isPossible) left.push(now.byId.get(wish.id)?.path ?? wish.id)
}

const changedSince = (updates: Deps['updates'], id: Id, version: number) =>
  (updates.stat(docPath({ kind: 'file', fileId: id }))?.seq ?? 0) > version

/** Whether the server has its content wherever it is: to delete anything else, or to bring it back, would lose it. */
async function areShared(blobs: Deps['blobs'], indexes: readonly FilesSnapshot[], id: Id): Promise<boolean> {
  for (const { byId } of indexes) {
    const { kind = 'dir', facts } = byId.get(id) ?? {}
    if (kind !== 'dir' && facts?.withheld !== undefined) return false
    if (kind === 'symlink' && facts?.blob === undefined) return false
    if (kind === 'blob' && !(await blobs.look(facts?.blob ?? '')).complete) return false
  }
  return true
}

/** What a file that is no text held; undefined for texts and folders. */
function blobOf({ byId }: FilesSnapshot, id: Id): Wish['blob'] {
  const { facts } = byId.get(id) ?? {}
  return facts?.blob === undefined ? undefined : { size: facts.size, blob: facts.blob }
}
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
