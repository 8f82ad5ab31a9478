import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createId, type Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { readContent, writeContent, type Dress } from '../disk/content.ts'
import type { Mirroring } from './context.ts'
import { importText } from './import.ts'
import { checkParents, inParent } from '../disk/inside.ts'
import type { RemoteText } from './ports.ts'
import { readStable, type Read } from '../disk/read.ts'
import { hashOf, type Capture, type Shadow } from './shadow.ts'
import { birthmark, identity, isExecutable } from '../disk/stat.ts'
import { placeNew, placeOver, stage, staging } from '../disk/write.ts'

/** How long the replaced inode is kept for a writer that still had it open. */
const captureMs = 2_000

type Export = {
  entry: FileEntry
  remote: RemoteText
  /** What is on disk and may be replaced; undefined where nothing must be. */
  over: Read | undefined
}

/**
 * Writes a document's text to its place: a temporary file, synced; the intent; then one rename that replaces exactly
 * the version that was read, whose inode is kept aside for a while. Echoes need no timers: the shadow is what we wrote.
 * `changed` where the disk moved on meanwhile: look again.
 */
export async function exportText(
  m: Mirroring,
  id: Id,
  { entry, remote, over }: Export,
): Promise<'written' | 'changed' | 'blocked'> {
  if (checkParents(m.root, entry.path, true) !== 'ok') {
    m.refuse(entry.path, 'a parent is not a directory of this folder')
    return 'blocked'
  }
  const target = join(m.root.path, entry.path)
  const exec = entry.facts?.exec ?? false
  const bytes = writeContent(remote.text, dressOf(entry, over), over?.bytes)
  const mode = over ? over.stat.mode : exec ? 0o755 : 0o644
  const staged = await stage(m.root, bytes, { mode, like: over ? target : m.root.path })
  const shadow: Shadow = {
    path: entry.path,
    kind: 'text',
    identity: identity(staged.stat),
    birthmark: birthmark(staged.stat),
    hash: hashOf(bytes),
    size: bytes.length,
    exec: isExecutable(staged.stat),
    state: remote.state,
  }
  const aside = `${staging}/c-${createId()}`
  const capture: Capture | undefined = over && {
    key: aside,
    file: aside,
    id,
    identity: identity(over.stat),
    base: over.bytes,
  }
  try {
    await m.shadows.intend(id, { bytes, shadow }, capture)
    const placed = await inParent(m.root, entry.path, async (place) => {
      if (over) return placeOver(staged.file, place, identity(over.stat), join(m.root.path, aside))
      return (await placeNew(staged.file, place)) ? 'placed' : 'changed'
    })
    if (placed !== 'placed' && placed !== 'placed-over-change') return await forgo(m, id, staged.file, capture)
    await m.shadows.put([{ id, shadow, bytes }])
    if (capture) watchCapture(m, capture)
    return 'written'
  } catch (e) {
    await unlink(staged.file).catch(() => {})
    throw e
  }
}

/** How a file wears its text: as it does on disk now; a new one, as its index entry says. */
const dressOf = (entry: FileEntry, over: Read | undefined): Dress => {
  const content = over && over.bytes.length > 0 ? readContent(over.bytes) : undefined
  if (content?.kind === 'text' && (content.text.includes('\n') || content.dress.bom)) return content.dress
  return { eol: entry.facts?.eol ?? 'lf', bom: entry.facts?.bom ?? false }
}

async function forgo(m: Mirroring, id: Id, file: string, capture: Capture | undefined): Promise<'changed'> {
  await m.shadows.drop([id])
  if (capture) await m.shadows.release(capture.key)
  await unlink(file).catch(() => {})
  return 'changed'
}

/** Looks at the replaced inode now and once more after a while: what was written to it in between is an edit like any other. */
function watchCapture(m: Mirroring, capture: Capture): void {
  let seen = capture.identity
  const check = async (last: boolean) => {
    const read = await readStable(m.root, capture.file, m.maxTextBytes)
    if (typeof read === 'object' && identity(read.stat) !== seen) {
      seen = identity(read.stat)
      await m.locks.run(capture.id, () => importCapture(m, capture, read.bytes))
      capture = { ...capture, base: read.bytes }
    }
    if (last) await endCapture(m, capture)
  }
  const failed = (e: unknown) => m.log.warn('mirror capture kept', { file: capture.file, error: e })
  // Not waited for: the lock of this very file is held by whoever called us.
  check(false).catch(failed)
  m.clock.after(captureMs, () => {
    if (!m.signal.aborted) check(true).catch(failed)
  })
}

/** Merges into the document what was written to an inode that had just been replaced. */
export async function importCapture(m: Mirroring, capture: Capture, bytes: Uint8Array): Promise<void> {
  const [base, disk] = [readContent(capture.base), readContent(bytes)]
  if (base.kind !== 'text' || disk.kind !== 'text') {
    return m.conflicts.record(m.shadows.get(capture.id)?.path ?? capture.id, { disk: bytes })
  }
  await m.texts.use(capture.id, m.signal, (text) =>
    importText(m, capture.id, { text, base: base.text, disk: disk.text, shadow: undefined }),
  )
  m.again(capture.id)
}

export async function endCapture(m: Mirroring, capture: Capture): Promise<void> {
  await unlink(join(m.root.path, capture.file)).catch(() => {})
  await m.shadows.release(capture.key)
}
