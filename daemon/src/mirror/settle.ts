import { join } from 'node:path'
import type { Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { settleBlob } from './blobs.ts'
import { origin, type Mirroring } from './context.ts'
import { unreadable } from './failures.ts'
import { checkParents } from '../disk/inside.ts'
import { moveOnDisk } from './move.ts'
import { remove } from './remove.ts'
import { settleContent, type Hint } from './settle-content.ts'
import { isStill, type Shadow } from './shadow.ts'
import { look } from '../disk/stat.ts'
import { removeDirectory } from '../disk/write.ts'

/**
 * Brings one file's entry, text and place on disk to agree; its lock must be held. `gone`: the file has vanished from
 * the disk, and whether that is a deletion is decided for all vanished files together.
 */
export async function settle(m: Mirroring, id: Id, hint: Hint = {}): Promise<'done' | 'gone'> {
  const entry = m.workspace.files.get(id)
  const shadow = m.shadows.get(id)
  if (!entry) return 'done'
  if (entry.deleted) return shadow ? await remove(m, id, shadow) : 'done'
  const holder = m.workspace.files.snapshot().byPath.get(entry.path)
  if (holder && holder.id !== id) return await yieldPath(m, entry, holder)
  if (!shadow) return await arrive(m, entry, hint)
  if (entry.kind === 'dir') return await moveDir(m, entry, shadow)
  const at = hint.found ?? shadow.path
  const stat = look(join(m.root.path, at))
  if (stat === 'unreadable') throw unreadable(at)
  if (stat === 'missing' || !isStill(shadow, stat)) return 'gone'
  if (at !== shadow.path && entry.path === shadow.path) {
    m.workspace.files.transact(() => m.workspace.files.move(id, at), origin)
    await m.workspace.indexDurable(m.signal)
  } else if (at !== entry.path && (await moveOnDisk(m, entry, at)) !== 'moved') return 'done'
  const now = m.workspace.files.get(id) ?? entry
  if (shadow.path !== now.path) await m.shadows.put([{ id, shadow: { ...shadow, path: now.path } }])
  return now.kind === 'blob' ? await settleBlob(m, now) : await settleContent(m, now, hint)
}

/** An entry that was never here: its file is written, or bound to what lies at its path already. */
async function arrive(m: Mirroring, entry: FileEntry, hint: Hint): Promise<'done' | 'gone'> {
  const hidden = m.ignore.reason(entry.path, entry.kind === 'dir')
  if (hidden !== undefined) {
    m.refuse(entry.path, `not shared: ${hidden}`)
    return 'done'
  }
  const other = m.shadows.idAt(entry.path)
  // Another file of ours still lies there and is about to leave, or to go.
  if (other !== undefined && other !== entry.id) {
    m.again(other)
    m.again(entry.id)
    return 'done'
  }
  if (entry.kind === 'dir') {
    if (checkParents(m.root, `${entry.path}/x`, true) === 'ok')
      await m.shadows.put([{ id: entry.id, shadow: dirShadow(entry.path) }])
    return 'done'
  }
  if (entry.kind === 'blob') return await settleBlob(m, entry)
  return await settleContent(m, entry, { ...hint, moved: true })
}

const dirShadow = (path: string): Shadow => ({
  path,
  kind: 'dir',
  identity: '',
  birthmark: '',
  hash: '',
  size: 0,
  exec: false,
  state: '',
})

async function moveDir(m: Mirroring, entry: FileEntry, shadow: Shadow): Promise<'done'> {
  if (shadow.path === entry.path) return 'done'
  await removeDirectory(m.root, shadow.path)
  await m.shadows.remove([entry.id])
  m.again(entry.id)
  return 'done'
}

/** Two entries claim one path, and this one has the higher id: it goes, its text kept aside unless the other has it too. */
async function yieldPath(m: Mirroring, entry: FileEntry, holder: FileEntry): Promise<'done'> {
  const shadow = m.shadows.get(entry.id)
  if (entry.kind === 'text' && holder.kind === 'text') {
    const texts = await m.workspace.read([entry.id, holder.id], m.signal)
    const [mine, theirs] = [texts.get(entry.id), texts.get(holder.id)]
    if (!mine || !theirs) return 'done'
    if (mine.text !== theirs.text && mine.text !== '')
      await m.conflicts.record(
        entry.path,
        { disk: mine.text, remote: theirs.text },
        { kind: 'unrelated', file: holder.id },
      )
    const deleted = { by: m.workspace.daemonId, at: m.clock.now(), snapshot: mine.state }
    m.workspace.files.transact(() => m.workspace.files.remove(entry.id, deleted), origin)
  } else {
    m.workspace.files.transact(
      () => m.workspace.files.remove(entry.id, { by: m.workspace.daemonId, at: m.clock.now() }),
      origin,
    )
  }
  await m.workspace.indexDurable(m.signal)
  // The file itself stays: it is the other's now, and compared with it.
  if (shadow?.path === entry.path) await m.shadows.remove([entry.id])
  m.again(holder.id)
  return 'done'
}
