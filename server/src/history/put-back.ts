import { TandemError, diffText, type Clock, type FileChange, type Id, type TextEdit } from '@tandem/shared'
import { applyEdits, stateOf, type FileEntry, type FileFacts, type Files, type TreeEntry } from '@tandem/shared/docs'
import type * as Y from 'yjs'
import type { AppendMeta } from '../store/store.ts'
import type { Ground } from './ground.ts'
import { changeOf } from './timeline.ts'
import { isSame, placeOf, type Place, type Wish } from './wishes.ts'

/** A wish with what was found out for it before everything is done in one step. */
type Prepared = Wish & {
  /** What the text was found to be, and the edits that were right for that. */
  found?: { now: string; edits: TextEdit[]; conflicts: number }
  /** Where the text stands, for the tombstone: what somebody types later is more than what was deleted. */
  state?: string
}

export type PutBack = { files: FileChange[]; conflicts: string[] }

type Deps = { ground: Ground; files: Files; maxTextBytes: number; clock: Clock }

/** What is found out before: the edits, which take time. Leaves out what would change nothing. Throws `too-large`. */
export async function prepare(deps: Omit<Deps, 'clock'>, wishes: readonly Wish[]): Promise<Prepared[]> {
  const prepared: Prepared[] = []
  for (const wish of wishes) {
    const ref = { kind: 'file', fileId: wish.id } as const
    const next: Prepared = { ...wish }
    if (wish.text) {
      const now = (await deps.ground.peek(ref, textOf)) ?? ''
      next.found = { now, ...editsFor(wish.text, now, deps.maxTextBytes) }
      if (next.found.edits.length === 0) delete next.text
    }
    if (wish.place === 'nowhere') {
      const state = await deps.ground.peek(ref, stateOf)
      if (state !== undefined) next.state = state
    }
    if (next.blob && deps.files.get(next.id)?.facts?.blob === next.blob.blob) delete next.blob
    if (next.place || next.text || next.blob) prepared.push(next)
  }
  return prepared
}

/**
 * Does everything in one step, each document by its smallest edits: what others do at the same moment stays. Throws
 * `conflict`, naming each path that something else has taken, and has then done nothing.
 */
export async function putBack(deps: Deps, prepared: readonly Prepared[], meta: AppendMeta): Promise<PutBack> {
  const { ground, files, maxTextBytes, clock } = deps
  const withText = prepared.filter(({ text, ifText }) => text !== undefined || ifText !== undefined)
  const refs = withText.map(({ id }) => ({ kind: 'file', fileId: id }) as const)
  const result: PutBack = { files: [], conflicts: [] }
  const plan = (texts: readonly Y.Doc[]) => {
    const docs = new Map(withText.map(({ id }, i) => [id, texts[i]]))
    const steps = prepared.map((wish) => stepFor(files, wish, docs.get(wish.id), maxTextBytes))
    requirePlaces(files, steps)
    const inIndex = () => {
      for (const { wish, now, place, edits, facts, isStuck } of steps) {
        const is = place ? put(files, wish, now, place, { by: meta.author, at: clock.now() }) : now
        if (facts) files.setFacts(wish.id, facts)
        const isEdited = edits !== undefined && edits.edits.length > 0
        const change = changeOf({ id: wish.id, before: now, after: is, content: facts !== undefined }, isEdited)
        if (change) result.files.push(change)
        const isKept = wish.place === 'nowhere' && !place && is && !is.deleted
        if (is && (isKept || isStuck || (isEdited && edits.conflicts > 0))) result.conflicts.push(is.path)
      }
    }
    const stepById = new Map(steps.map((step) => [step.wish.id, step]))
    const inText = ({ id }: Prepared) => {
      const { doc, edits } = stepById.get(id) ?? {}
      return () => {
        if (doc && edits) applyEdits(doc.getText('content'), edits.edits, undefined)
      }
    }
    // Content first, so that nobody ever sees a file with what it is not to hold.
    return [...withText.map(inText), inIndex]
  }
  await ground.changeEach([...refs, { kind: 'files' }], meta, plan)
  return result
}

/** What is to be done with a file as it stands. Throws `too-large`. */
function stepFor(files: Files, wish: Prepared, doc: Y.Doc | undefined, maxTextBytes: number) {
  const now = files.get(wish.id)
  const place = placeFor(files, wish, doc)
  const goes = place ? place === 'nowhere' : !now || now.deleted !== undefined
  // To edit the text of a file that is deleted would bring it back.
  const edits = doc && wish.text && !goes ? editsIn(doc, wish, wish.text, maxTextBytes) : undefined
  const isOurs = wish.ifBlob === undefined || now?.facts?.blob === wish.ifBlob || now?.facts?.blob === wish.blob?.blob
  const facts = wish.blob && !goes && isOurs ? { ...plain, ...now?.facts, ...wish.blob } : undefined
  /** Somebody put something else there since: two contents that are no texts cannot both be kept in one. */
  const isStuck = wish.blob !== undefined && !goes && !isOurs
  return { wish, doc, now, place, edits, facts, isStuck }
}

/** What is not known of a file goes without saying. */
const plain: FileFacts = { size: 0, exec: false, eol: 'lf', bom: false }

/** Throws `conflict` where something else stands in the way of a file's place, as far as one can tell now. */
export function requireRoom(files: Files, prepared: readonly Prepared[]): void {
  requirePlaces(
    files,
    prepared.map((wish) => ({ wish, place: placeFor(files, wish, undefined) })),
  )
}

/** Where the file is to go; undefined where it stays: it is there already, or went elsewhere since. */
function placeFor(files: Files, { id, place, ifAt, ifText, ifBlob }: Wish, doc: Y.Doc | undefined): Place | undefined {
  const is = placeOf(files.snapshot(), id)
  if (!place || isSame(place, is) || (ifAt && !isSame(ifAt, is))) return undefined
  if (place === 'nowhere' && ifBlob !== undefined && files.get(id)?.facts?.blob !== ifBlob) return undefined
  // Somebody went on writing in it: then it is theirs.
  if (place === 'nowhere' && ifText !== undefined && doc && textOf(doc) !== ifText) return undefined
  return place
}

function requirePlaces(files: Files, steps: readonly { wish: Wish; place: Place | undefined }[]): void {
  const moving = new Set(steps.flatMap(({ wish, place }) => (place ? [wish.id] : [])))
  const taken = new Map<string, string>()
  const folders = new Set<string>()
  for (const { id, path, kind, deleted } of files.snapshot().byId.values()) {
    if (deleted || moving.has(id)) continue
    taken.set(path, kind)
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) folders.add(path.slice(0, end))
  }
  const errors: string[] = []
  for (const { place } of steps) {
    if (!place || place === 'nowhere') continue
    const { path, kind } = place
    if (taken.has(path)) errors.push(`${path}: something else is there now`)
    else if (kind !== 'dir' && folders.has(path)) errors.push(`${path}: a folder is there now`)
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end)
      if ((taken.get(folder) ?? 'dir') !== 'dir') errors.push(`${path}: a file is now where its folder was (${folder})`)
    }
  }
  if (errors.length > 0) {
    const reason = 'something else stands where files would come back: move that first; nothing was changed'
    throw new TandemError('conflict', { reason, errors: errors.slice(0, 50) })
  }
}

/** Returns the entry as it is then: what is read in the midst of a change is still what was before it. */
function put(
  files: Files,
  { id, state }: Prepared,
  now: FileEntry | undefined,
  place: Place,
  by: { by: Id; at: number },
): TreeEntry | undefined {
  if (place !== 'nowhere') {
    files.create(place.path, place.kind, undefined, id)
    return place
  }
  const deleted = { ...by, ...(state !== undefined && { snapshot: state }) }
  files.remove(id, deleted)
  return now && { ...now, deleted }
}

function editsIn(doc: Y.Doc, { found }: Prepared, wanted: NonNullable<Wish['text']>, maxBytes: number) {
  const now = textOf(doc)
  return found?.now === now ? found : editsFor(wanted, now, maxBytes)
}

function editsFor(
  wanted: NonNullable<Wish['text']>,
  now: string,
  limit: number,
): { edits: TextEdit[]; conflicts: number } {
  const { text, conflicts } = wanted(now)
  const bytes = Buffer.byteLength(text)
  if (bytes > limit) throw new TandemError('too-large', { reason: 'the file would be too large', bytes, limit })
  return { edits: diffText(now, text), conflicts }
}

const textOf = (doc: Y.Doc): string => doc.getText('content').toString()
