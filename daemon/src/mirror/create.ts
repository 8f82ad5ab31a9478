import { setImmediate } from 'node:timers/promises'
import { createId, type Id } from '@tandem/shared'
import { readContent } from './content.ts'
import { origin, type Mirroring } from './context.ts'
import { createLanes } from './locks.ts'
import { readStable } from './read.ts'
import { hashOf, type Shadow } from './shadow.ts'
import { birthmark, identity, isExecutable } from './stat.ts'

type New = {
  id: Id
  path: string
  kind: 'text' | 'blob'
  text: string
  bytes: Uint8Array
  shadow: Shadow
  facts: Facts
}
type Facts = { size: number; exec: boolean; eol: 'lf' | 'crlf' | 'mixed'; bom: boolean; withheld?: string }

/** Files a round: enough to keep disk and server busy, few enough for the memory. One round reads while another is put. */
const roundFiles = 1_000
const lanes = 2
/** Files read before the loop gets its turn. */
const sliceFiles = 64

type Create = {
  paths: readonly string[]
  /** A vanished file with this content, which then was not deleted but moved. */
  movedFrom: (hash: string) => Id | undefined
  /** The paths that turn out to be moved files. */
  onMoved: (id: Id, path: string) => void
  onProgress: (done: number) => void
}

/**
 * Shares files that are new on disk: their texts are put first, in bulk, then their entries in one transaction a round,
 * so that nobody sees an entry without its text; then they have shadows. A crash in between leaves at worst texts that
 * no entry names, or entries that bind to the very same content on the next start.
 */
export async function createEntries(m: Mirroring, { paths, movedFrom, onMoved, onProgress }: Create): Promise<void> {
  const run = createLanes(lanes)
  let done = 0
  const rounds: Promise<void>[] = []
  for (let i = 0; i < paths.length; i += roundFiles) {
    const round = paths.slice(i, i + roundFiles)
    rounds.push(
      run(async () => {
        await createRound(m, round, { movedFrom, onMoved })
        onProgress((done += round.length))
      }),
    )
  }
  await Promise.all(rounds)
}

async function createRound(
  m: Mirroring,
  paths: readonly string[],
  { movedFrom, onMoved }: Pick<Create, 'movedFrom' | 'onMoved'>,
): Promise<void> {
  const fresh: New[] = []
  for (const [i, path] of paths.entries()) {
    if (i % sliceFiles === sliceFiles - 1) await setImmediate()
    const file = await readNew(m, path)
    if (!file) continue
    const moved = file.kind === 'text' && file.bytes.length > 0 ? movedFrom(file.shadow.hash) : undefined
    if (moved !== undefined) onMoved(moved, path)
    else fresh.push(file)
  }
  const texts = fresh.filter((file) => file.kind === 'text')
  const states = texts.length > 0 ? await m.workspace.seed(texts, m.signal) : new Map<Id, string>()
  // An entry may have come from elsewhere meanwhile: then this file is bound to that one instead.
  const { byPath } = m.workspace.files.snapshot()
  const mine = fresh.filter((file) => !byPath.has(file.path))
  m.workspace.files.transact(() => {
    for (const { id, path, kind, facts } of mine) m.workspace.files.create(path, kind, facts, id)
  }, origin)
  if (mine.length > 0) await m.workspace.indexDurable(m.signal)
  await m.shadows.put(
    mine.map(({ id, shadow, bytes }) => ({ id, shadow: { ...shadow, state: states.get(id) ?? '' }, bytes })),
  )
  for (const { path } of fresh) {
    const holder = byPath.get(path)
    if (holder) m.again(holder.id)
  }
}

/** Reads a new file; undefined where it is gone again, or may not be read. What is being written is looked at again. */
async function readNew(m: Mirroring, path: string): Promise<New | undefined> {
  const read = await readStable(m.root, path, m.maxTextBytes)
  if (read === 'busy') m.lookAt(path)
  if (typeof read === 'string') return undefined
  const tooLarge = read.stat.size > m.maxTextBytes
  const content = tooLarge ? undefined : readContent(read.bytes)
  const isText = content?.kind === 'text'
  const exec = isExecutable(read.stat)
  return {
    id: createId(),
    path,
    kind: isText ? 'text' : 'blob',
    text: isText ? content.text : '',
    bytes: isText ? read.bytes : new Uint8Array(),
    shadow: {
      path,
      kind: isText ? 'text' : 'blob',
      identity: identity(read.stat),
      birthmark: birthmark(read.stat),
      hash: isText ? hashOf(read.bytes) : '',
      size: read.stat.size,
      exec,
      state: '',
    },
    facts: {
      size: read.stat.size,
      exec,
      ...(isText ? content.dress : { eol: 'lf' as const, bom: false, withheld: tooLarge ? 'too large' : 'binary' }),
    },
  }
}
