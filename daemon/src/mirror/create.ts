import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { createId, type Id } from '@tandem/shared'
import type { FileFacts } from '@tandem/shared/docs'
import { readContent } from '../disk/content.ts'
import { origin, type Mirroring } from './context.ts'
import { shareEnds } from './text/line-ends.ts'
import { createLanes } from './locks.ts'
import { readStable } from '../disk/read.ts'
import { hashOf, type Shadow } from './memory/shadow.ts'
import { birthmark, identity, isExecutable, look, type Stat } from '../disk/stat.ts'
import type { Moves } from './vanished/moves.ts'

type New = Shared & { text: string; bytes: Uint8Array }
/** A file whose text the server has, and which is remembered; what is missing is its entry. */
type Shared = { id: Id; path: string; kind: 'text' | 'blob'; shadow: Shadow; facts: Facts }
type Facts = FileFacts

/** What one round reads and puts: enough to keep disk and server busy, few enough for the memory. */
const round = { files: 400, bytes: 4 * 2 ** 20 }
/** While one round is put others read, and while one lane publishes the others go on. */
const lanes = 4
/** Entries made in one transaction, at least: each costs either side a look at the whole index, so they grow with it. */
const publishFiles = 2_000
/** Content below this is brought before its entry is made, so many at once. */
const smallBytes = 256 * 1024
const putAtOnce = 8
/** A new file that is being written is looked at again after this long. */
const busyMs = 100
/** Files read before the loop gets its turn. */
const sliceFiles = 64

type Create = {
  paths: readonly string[]
  /** What made them, where that is known. */
  task: Id | undefined
  /** The files that are gone; one of those that turns up here was not deleted but moved. */
  moves: Moves
  /** The paths that turn out to be moved files. */
  onMoved: (id: Id, path: string) => void
  onProgress: (done: number) => void
}

/**
 * Shares files that are new on disk: their texts are put first, in bulk, then their entries, many in one transaction, so
 * that nobody sees an entry without its text. A crash in between leaves at worst texts that no entry names; where the
 * shadows were written already, the entries are made on the next start.
 */
export async function createEntries(m: Mirroring, { paths, task, moves, onMoved, onProgress }: Create): Promise<void> {
  const clashing = m.clashes.among(paths)
  let next = 0
  let [taken, done] = [0, 0]
  let shared: Shared[] = []
  let publishing: Promise<void> | undefined
  const publishAll = async () => {
    const files = shared
    shared = []
    await makeEntries(m, files)
    onProgress((done += files.length))
  }
  /** One lane publishes while the others read on, until as much again waits. */
  const publishEnough = async () => {
    while (shared.length >= Math.max(publishFiles, done)) {
      if (publishing) {
        await publishing
        continue
      }
      publishing = publishAll()
      try {
        await publishing
      } finally {
        publishing = undefined
      }
    }
  }
  const lane = async () => {
    while (next < paths.length) {
      const fresh: New[] = []
      for (let bytes = 0; next < paths.length && fresh.length < round.files && bytes < round.bytes;) {
        const path = paths[next++] as string
        if (++taken % sliceFiles === 0) await setImmediate()
        const file = await readNew(m, path)
        if (!file) continue
        const moved = moves.from({ hash: file.shadow.hash, text: file.text })
        const other = clashing.get(path)
        if (moved !== undefined) {
          moves.take(moved)
          onMoved(moved, path)
        } else if (other !== undefined) m.clashes.block(path, other, () => m.lookAt(path))
        else {
          fresh.push(file)
          bytes += file.bytes.length
        }
      }
      const put = await remember(m, await putTexts(m, fresh, task))
      // Only now: while they were put, another lane may have begun to publish, and `shared` is another list since.
      shared.push(...put)
      await publishEnough()
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  await publishAll()
}

/** Those that the server has now; a text that it refuses stays where it is, on disk. */
async function putTexts(m: Mirroring, fresh: readonly New[], task: Id | undefined): Promise<Omit<New, 'text'>[]> {
  const texts = fresh.filter((file) => file.kind === 'text')
  const [states] = await Promise.all([
    texts.length > 0 ? m.workspace.seed(texts, task, m.signal) : new Map<Id, string>(),
    putBlobs(
      m,
      fresh.filter((file) => file.kind === 'blob'),
    ),
    ...texts.map(async (file) => {
      const ends = file.facts.eol === 'mixed' ? await shareEnds(m, file.bytes) : undefined
      if (ends !== undefined) file.facts = { ...file.facts, ends }
    }),
  ])
  return fresh.flatMap(({ id, path, kind, bytes, shadow, facts }) => {
    const state = kind === 'text' ? states.get(id) : ''
    // Without its text: that need not be kept until the entry is made.
    if (state !== undefined) return { id, path, kind, bytes, facts, shadow: { ...shadow, state } }
    m.refuse(path, 'the server does not take it')
    return []
  })
}

/**
 * Brings small content at once, so that its entries are made with it. What is larger, or fails, has an entry that names
 * none yet: its own work brings it.
 */
async function putBlobs(m: Mirroring, blobs: New[]): Promise<void> {
  const run = createLanes(putAtOnce)
  const put = async (file: New) => {
    const { bytes, shadow, facts } = file
    const { hash } = shadow
    if (bytes.length > 0 && bytes.length <= Math.min(smallBytes, m.maxBlobBytes)) {
      try {
        await m.workspace.blobs.put({ hash, size: bytes.length }, async (at, n) => bytes.subarray(at, at + n), m.signal)
        file.facts = { ...facts, blob: hash }
        file.bytes = new Uint8Array()
        return
      } catch (error) {
        if (m.signal.aborted) throw error
        m.log.info('mirror blob not taken at once', { path: file.path, error })
      }
    }
    file.bytes = new Uint8Array()
    // Looked at again, whatever happens.
    file.shadow = { ...shadow, hash: '', identity: '' }
  }
  await Promise.all(blobs.map((file) => run(() => put(file))))
}

const isFree =
  (m: Mirroring) =>
  ({ path }: Shared): boolean =>
    !m.workspace.files.snapshot().byPath.has(path)

/**
 * Remembered before anybody can know of them: after a crash their entries are made under the same ids, or are known.
 * Their bytes are let go of.
 */
async function remember(m: Mirroring, put: readonly Omit<New, 'text'>[]): Promise<Shared[]> {
  await m.shadows.put(put.filter(isFree(m)))
  return put.map(({ id, path, kind, shadow, facts }) => ({ id, path, kind, shadow, facts }))
}

async function makeEntries(m: Mirroring, files: readonly Shared[]): Promise<void> {
  const { files: index } = m.workspace
  // An entry may have come from elsewhere meanwhile: then this file is bound to that one instead.
  const mine = files.filter(isFree(m))
  index.transact(() => {
    for (const { id, path, kind, facts } of mine) index.create(path, kind, facts, id)
  }, origin)
  if (mine.length > 0) await m.workspace.indexDurable(m.signal)
  for (const { id, kind, facts } of mine) if (kind === 'blob' && facts.blob === undefined) m.again(id)
  if (mine.length === files.length) return
  const made = new Set(mine)
  const taken = files.filter((file) => !made.has(file))
  await m.shadows.remove(taken.map(({ id }) => id))
  const { byPath } = index.snapshot()
  for (const { path } of taken) {
    const holder = byPath.get(path)
    if (holder) m.again(holder.id)
  }
}

/** Whether it is no new file: it is being put in place, or was when it was found, and has been renamed since. */
function isMoved(m: Mirroring, stat: Stat): boolean {
  const mark = birthmark(stat)
  const shadow = m.shadows.get(m.shadows.idBorn(mark) ?? '')
  if (!shadow) return m.shadows.isPlacing(mark)
  const there = look(join(m.root.path, shadow.path))
  return typeof there === 'string' || birthmark(there) !== mark
}

/** Reads a new file; undefined where it is gone again, or may not be read. What is being written is looked at again. */
async function readNew(m: Mirroring, path: string): Promise<New | undefined> {
  const read = await readStable(m.root, path, m.maxTextBytes)
  if (read === 'busy') m.lookAt(path, busyMs)
  if (read === 'unreadable') m.unread.add(path)
  if (typeof read === 'string') return undefined
  if (isMoved(m, read.stat)) {
    m.lookAt(path)
    return undefined
  }
  const tooLarge = read.stat.size > m.maxTextBytes
  const content = tooLarge ? undefined : readContent(read.bytes)
  const isText = content?.kind === 'text'
  const exec = isExecutable(read.stat)
  return {
    id: createId(),
    path,
    kind: isText ? 'text' : 'blob',
    text: isText ? content.text : '',
    bytes: read.bytes,
    shadow: {
      path,
      kind: isText ? 'text' : 'blob',
      identity: identity(read.stat),
      birthmark: birthmark(read.stat),
      hash: tooLarge ? '' : hashOf(read.bytes),
      size: read.stat.size,
      exec,
      state: '',
    },
    facts: {
      size: read.stat.size,
      exec,
      ...(isText ? content.dress : { eol: 'lf' as const, bom: false }),
      ...(read.stat.size > m.maxBlobBytes && { withheld: 'too large' }),
    },
  }
}
