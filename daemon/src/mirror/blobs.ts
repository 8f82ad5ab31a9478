import type { FileEntry } from '@tandem/shared/docs'
import { readContent } from '../disk/content.ts'
import { origin, type Mirroring } from './context.ts'
import { readStable } from '../disk/read.ts'
import { stamped, type Shadow } from './shadow.ts'
import { identity } from '../disk/stat.ts'

/** Blobs are listed, not shared yet: their facts follow the disk. */
export async function noticeBlob(m: Mirroring, entry: FileEntry, shadow: Shadow, size: number): Promise<'done'> {
  const read = await readStable(m.root, entry.path, m.maxTextBytes)
  if (typeof read === 'string') return 'done'
  const isText = size <= m.maxTextBytes && readContent(read.bytes).kind === 'text'
  if (isText) {
    // It has become a text: that is another document.
    m.workspace.files.transact(
      () => m.workspace.files.remove(entry.id, { by: m.workspace.daemonId, at: m.clock.now() }),
      origin,
    )
    await m.shadows.remove([entry.id])
    m.lookAt(entry.path)
    return 'done'
  }
  if (identity(read.stat) === shadow.identity) return 'done'
  const withheld = size > m.maxTextBytes ? 'too large' : 'binary'
  m.workspace.files.transact(
    () =>
      m.workspace.files.setFacts(entry.id, {
        exec: shadow.exec,
        eol: 'lf',
        bom: false,
        ...entry.facts,
        size,
        withheld,
      }),
    origin,
  )
  await m.shadows.put([{ id: entry.id, shadow: { ...stamped(shadow, read), size } }])
  return 'done'
}

/** A text whose file became binary or too large: its document ends here, with all its history, and a blob begins. */
export async function becomeBlob(m: Mirroring, entry: FileEntry, shadow: Shadow): Promise<'done'> {
  const deleted = { by: m.workspace.daemonId, at: m.clock.now(), snapshot: shadow.state }
  m.workspace.files.transact(() => m.workspace.files.remove(entry.id, deleted), origin)
  await m.shadows.remove([entry.id])
  m.lookAt(entry.path)
  return 'done'
}
