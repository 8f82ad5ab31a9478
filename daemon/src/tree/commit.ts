import { hash } from 'node:crypto'
import { TandemError, createId, isTandemError, messageOf, nameOf, parentOf, parsePath, type Id } from '@tandem/shared'
import type { Deleted, FileFacts, Files } from '@tandem/shared/docs'
import type { z } from 'zod'
import { readContent } from '../disk/content.ts'
import { foldersOf } from './folders.ts'
import { editsFor } from './merge-text.ts'
import { createPlaces } from './places.ts'
import { readToChange } from './read-to-change.ts'
import type { Tree, TreeOptions, Version } from './tree.ts'

export type Change =
  /** Other content for a file that was read. */
  | { do: 'write'; base: Version; bytes: Uint8Array }
  | { do: 'create'; path: string; bytes: Uint8Array; exec?: boolean }
  /** Removes a file if it is still as it was read. */
  | { do: 'remove'; base: Version }
  /** Gives it another path; it stays the same file. */
  | { do: 'move'; id: Id; from: string; to: string }
  | { do: 'exec'; id: Id; path: string; exec: boolean }
  | { do: 'mkdir'; path: string }
  /** An empty folder. */
  | { do: 'rmdir'; path: string }
export type Refused = { path: string; reason: string }

type Options = TreeOptions & Pick<Tree, 'withheld'>
/** A step in the index, done when all contents are where they belong. */
type Step = { path: string; turn: 0 | 1 | 2; act: (place: ReturnType<typeof createPlaces>) => void }

export const pathOf = (change: Change): string =>
  'base' in change ? change.base.path : change.do === 'move' ? change.from : change.path

/** As `Tree.commit`. */
export async function commitWith(
  { documents, withheld, mayNotWrite, maxTextBytes, maxBlobBytes, clock }: Options,
  changes: readonly Change[],
  task: Id | undefined,
  signal: AbortSignal,
): Promise<Refused[]> {
  const { files, daemonId } = documents
  const refused: Refused[] = []
  const steps: Step[] = []
  const leaving = new Set<Id>()
  const edits: { id: Id; path: string; update: Uint8Array }[] = []
  const seeds: { id: Id; path: string; text: string }[] = []
  /** One that fails is told, and keeps the others from nothing. */
  const attempt = async (path: string, work: () => void | Promise<void>) => {
    try {
      await work()
    } catch (e) {
      if (signal.aborted || !isTandemError(e)) throw e
      refused.push({ path, reason: messageOf(e) })
    }
  }
  const namesIn = namesAfter(files, changes)
  const requireOpen = (path: string, kind: 'text' | 'blob' = 'text') => {
    parsePath(path)
    const why = withheld({ path, kind, facts: undefined }) ?? mayNotWrite(path, namesIn)
    if (why !== undefined) throw new TandemError('forbidden', { reason: why })
  }
  const deleted = (snapshot?: string): z.infer<typeof Deleted> => ({
    by: daemonId,
    at: clock.now(),
    ...(snapshot !== undefined && { snapshot }),
  })
  const living = (id: Id) => {
    const entry = files.get(id)
    if (entry && !entry.deleted) return entry
    throw new TandemError('conflict', { reason: 'somebody removed it meanwhile' })
  }
  const noteAs = (id: Id, facts: Partial<FileFacts>) => {
    const { withheld: _, ...now } = living(id).facts ?? { size: 0, exec: false, eol: 'lf' as const, bom: false }
    files.setFacts(id, { ...now, ...facts })
  }
  const keep = async (bytes: Uint8Array): Promise<string> => {
    if (bytes.length > maxBlobBytes)
      throw new TandemError('too-large', { reason: 'it is larger than a file may be', limit: maxBlobBytes })
    const blob = hash('sha256', bytes)
    await documents.blobs.put({ hash: blob, size: bytes.length }, async (at, n) => bytes.subarray(at, at + n), signal)
    return blob
  }
  /** Brings content that has no file yet to the server; answers how the index is to speak of it. */
  const bring = async (path: string, bytes: Uint8Array, exec: boolean) => {
    const id = createId()
    const content = bytes.length > maxTextBytes ? undefined : readContent(bytes)
    if (content?.kind === 'text') {
      seeds.push({ id, path, text: content.text })
      return { id, kind: 'text' as const, facts: { size: bytes.length, exec, ...content.dress } }
    }
    const blob = await keep(bytes)
    return { id, kind: 'blob' as const, facts: { size: bytes.length, exec, eol: 'lf' as const, bom: false, blob } }
  }

  const asked = changes.flatMap((change) => ('base' in change && change.base.kind === 'text' ? [change.base.id] : []))
  const texts = asked.length > 0 ? await readToChange(documents, asked, task, signal) : new Map<Id, never>()
  const nowOf = ({ id }: Version) => {
    const now = texts.get(id)
    if (now) return now
    throw new TandemError('store-corrupt', { reason: 'the server cannot read this text' })
  }
  const write = async (base: Version, bytes: Uint8Array) => {
    const entry = living(base.id)
    requireOpen(entry.path)
    const content = bytes.length > maxTextBytes ? undefined : readContent(bytes)
    if (base.kind === 'text' && content?.kind === 'text') {
      const now = nowOf(base)
      const { update } = now.prepare(editsFor(base.text, content.text, now.text), task)
      if (content.text !== base.text) return void edits.push({ id: base.id, path: entry.path, update })
      // Only its line ends were changed, or its byte order mark: that was meant.
      steps.push({ path: entry.path, turn: 2, act: () => noteAs(base.id, content.dress) })
      return
    }
    if (base.kind === 'blob' && content?.kind !== 'text') {
      const blob = await keep(bytes)
      const act = () => {
        if (living(base.id).facts?.blob !== base.blob)
          throw new TandemError('conflict', { reason: 'somebody else put other content there meanwhile' })
        noteAs(base.id, { blob, size: bytes.length })
      }
      return void steps.push({ path: entry.path, turn: 2, act })
    }
    // A text that becomes a blob ends, and back.
    const state = base.kind === 'text' ? nowOf(base) : undefined
    if (base.kind === 'text' && state?.text !== base.text)
      throw new TandemError('conflict', { reason: 'somebody typed in it meanwhile; it stays a text' })
    const next = await bring(entry.path, bytes, entry.facts?.exec ?? false)
    leaving.add(base.id)
    const act: Step['act'] = (place) => {
      const { path, facts } = living(base.id)
      if (base.kind === 'blob' && facts?.blob !== base.blob)
        throw new TandemError('conflict', { reason: 'somebody else put other content there meanwhile' })
      files.remove(base.id, deleted(state?.state))
      place(path)
      files.create(path, next.kind, next.facts, next.id)
    }
    steps.push({ path: entry.path, turn: 1, act })
  }

  for (const change of changes) {
    const path = pathOf(change)
    await attempt(path, async () => {
      switch (change.do) {
        case 'write':
          return write(change.base, change.bytes)
        case 'create': {
          requireOpen(path)
          // Looked at before anything is brought, and again when it is done.
          createPlaces(files, gone(changes))(path)
          const { id, kind, facts } = await bring(path, change.bytes, change.exec ?? false)
          const act: Step['act'] = (place) => (place(path), void files.create(path, kind, facts, id))
          return void steps.push({ path, turn: 2, act })
        }
        case 'remove': {
          requireOpen(path)
          const now = change.base.kind === 'text' ? nowOf(change.base) : undefined
          if (change.base.kind === 'text' && now?.text !== change.base.text)
            throw new TandemError('conflict', { reason: 'somebody typed in it meanwhile; it stays' })
          leaving.add(change.base.id)
          // What is typed into it from here on brings it back.
          const act = () =>
            void (files.get(change.base.id)?.deleted ?? files.remove(change.base.id, deleted(now?.state)))
          return void steps.push({ path, turn: 0, act })
        }
        case 'move': {
          const to = parsePath(change.to)
          requireOpen(path)
          requireOpen(to)
          leaving.add(change.id)
          const act: Step['act'] = (place) => (living(change.id), place(to), files.move(change.id, to))
          return void steps.push({ path, turn: 1, act })
        }
        case 'exec':
          requireOpen(path)
          return void steps.push({ path, turn: 2, act: () => noteAs(change.id, { exec: change.exec }) })
        case 'mkdir': {
          requireOpen(path)
          const act: Step['act'] = (place) => {
            place(path, 'dir')
            if (files.snapshot().byPath.get(path)?.kind !== 'dir') files.create(path, 'dir')
          }
          return void steps.push({ path, turn: 2, act })
        }
        case 'rmdir': {
          const act = () => {
            const entry = files.snapshot().byPath.get(path)
            if (entry?.kind === 'dir') files.remove(entry.id, deleted())
          }
          return void steps.push({ path, turn: 0, act })
        }
        default:
          return change satisfies never
      }
    })
  }
  const seeded = seeds.length > 0 ? await documents.seed(seeds, task, signal) : new Map<Id, string>()
  const unseeded = new Set(seeds.flatMap(({ id, path }) => (seeded.has(id) ? [] : [path])))
  const failed = edits.length > 0 ? await documents.change(edits, task, signal) : new Set<Id>()
  for (const path of unseeded) refused.push({ path, reason: 'the server did not take its text' })
  for (const { id, path } of edits)
    if (failed.has(id)) refused.push({ path, reason: 'the server did not take the change' })
  if (steps.length === 0) return refused
  const told: Refused[] = []
  const ended = task === undefined ? undefined : documents.begin(task)
  try {
    files.transact(() => {
      const place = createPlaces(files, leaving)
      for (const { path, act } of steps.toSorted((a, b) => a.turn - b.turn)) {
        if (unseeded.has(path)) continue
        try {
          act(place)
        } catch (e) {
          if (!isTandemError(e)) throw e
          told.push({ path, reason: messageOf(e) })
        }
      }
    }, 'tree')
  } finally {
    ended?.()
  }
  await documents.indexDurable(signal)
  return [...refused, ...told]
}

/** What will be in a folder, of what is there and of what is made. */
function namesAfter(files: Files, changes: readonly Change[]): (folder: string) => ReadonlySet<string> {
  const made = new Map<string, Set<string>>()
  for (const change of changes) {
    const path = change.do === 'move' ? change.to : change.do === 'create' || change.do === 'mkdir' ? change.path : ''
    for (let at = path; at !== ''; at = parentOf(at)) {
      const names = made.get(parentOf(at)) ?? new Set()
      made.set(parentOf(at), names.add(nameOf(at)))
    }
  }
  return (folder) => new Set([...(foldersOf(files.snapshot()).get(folder)?.keys() ?? []), ...(made.get(folder) ?? [])])
}

/** What will not be in the way any more. */
const gone = (changes: readonly Change[]): ReadonlySet<Id> =>
  new Set(
    changes.flatMap((change) => (change.do === 'remove' ? [change.base.id] : change.do === 'move' ? [change.id] : [])),
  )
