import { unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createId, type Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { readContent, writeContent, type Dress } from '../../disk/content.ts'
import type { Mirroring } from '../context.ts'
import { watchCapture } from './captures.ts'
import { endsOf } from './line-ends.ts'
import { inParent } from '../../disk/inside.ts'
import type { RemoteText } from '../ports.ts'
import type { Read } from '../../disk/read.ts'
import { hashOf, type Capture, type Shadow } from '../memory/shadow.ts'
import { birthmark, identity, isExecutable } from '../../disk/stat.ts'
import { placeOver } from '../../disk/replace.ts'
import { placeNew, stage, staging } from '../../disk/write.ts'

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
  const target = join(m.root.path, entry.path)
  const exec = entry.facts?.exec ?? false
  const bytes = writeContent(remote.text, dressOf(entry, over), over?.bytes ?? (await endsOf(m, entry)))
  const mode = over ? over.stat.mode : exec ? 0o755 : 0o644
  const staged = await stage(m.root, bytes, { mode, like: over ? target : m.root.path })
  const shadow: Shadow = {
    path: entry.path,
    kind: 'text',
    identity: identity(staged.stat),
    birthmark: birthmark(staged.stat),
    hash: hashOf(bytes),
    size: bytes.length,
    // Mode has its own comparison.
    exec: (over && m.shadows.get(id)?.exec) ?? isExecutable(staged.stat),
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
    const { changedNs } = staged
    await m.shadows.intend(id, { bytes, shadow, staged: `${staging}/${basename(staged.file)}`, changedNs }, capture)
    const place = async (target: string) => {
      if (over) return placeOver(staged.file, target, identity(over.stat), join(m.root.path, aside))
      return (await placeNew(staged.file, target)) ? 'placed' : 'changed'
    }
    const placed = await inParent(m.root, entry.path, place, { make: true })
    if (placed === 'missing' || placed === 'blocked') {
      m.refuse(entry.path, 'a parent is not a directory of this folder')
      await forgo(m, id, staged.file, capture)
      return 'blocked'
    }
    if (placed === 'changed') return await forgo(m, id, staged.file, capture)
  } catch (e) {
    await forgo(m, id, staged.file, capture)
    throw e
  }
  await m.shadows.put([{ id, shadow, bytes }])
  if (capture) watchCapture(m, capture)
  return 'written'
}

/** How a file wears its text: as it does on disk now; a new one, as its index entry says. */
const dressOf = (entry: FileEntry, over: Read | undefined): Dress => {
  const content = over && over.bytes.length > 0 ? readContent(over.bytes) : undefined
  if (content?.kind === 'text' && (content.text.includes('\n') || content.dress.bom)) return content.dress
  return { eol: entry.facts?.eol ?? 'lf', bom: entry.facts?.bom ?? false }
}

/** Takes back what was meant to be; the staged file goes last, since without it one would think that it was placed. */
async function forgo(m: Mirroring, id: Id, file: string, capture: Capture | undefined): Promise<'changed'> {
  await m.shadows.drop([id])
  if (capture) {
    await unlink(join(m.root.path, capture.file)).catch(() => {})
    await m.shadows.release(capture.key)
  }
  await unlink(file).catch(() => {})
  return 'changed'
}
