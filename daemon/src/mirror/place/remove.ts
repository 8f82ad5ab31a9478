import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createId, nameOf, type Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { origin, type Mirroring } from '../context.ts'
import { checkParents, inParent } from '../../disk/inside.ts'
import { unreadable } from '../told/failures.ts'
import { takeLinkAway } from './links.ts'
import { hashStable } from '../../disk/open.ts'
import { readStable } from '../../disk/read.ts'
import { hashOf, type Shadow } from '../memory/shadow.ts'
import { prune } from './specials.ts'
import { intoTrash } from './trash.ts'
import { identity, look, type Stat } from '../../disk/stat.ts'
import { placeNew, removeDirectory, staging, takeOut } from '../../disk/write.ts'

/** A deletion from outside. An edit that has not been shared yet beats it; what cannot be restored goes to the trash. */
export async function remove(m: Mirroring, { id, deleted }: FileEntry, shadow: Shadow): Promise<'done' | 'gone'> {
  if (shadow.kind === 'dir') {
    if (await removeDirectory(m.root, shadow.path)) await prune(m, shadow.path)
    await m.shadows.remove([id])
    return 'done'
  }
  if (shadow.kind === 'symlink') {
    if ((await takeLinkAway(m, shadow)) === 'changed') return restore(m, id, shadow)
    await m.shadows.remove([id])
    return 'done'
  }
  if (checkParents(m.root, shadow.path, false) === 'blocked') return 'done'
  const read = await readStable(m.root, shadow.path, m.maxTextBytes)
  if (read === 'busy') {
    m.again(id)
    return 'done'
  }
  if (typeof read === 'object') {
    // Deleted by us because it was gone: what is there now has come since.
    const isBack = deleted?.by === m.workspace.daemonId
    const isWhole = read.bytes.length === read.stat.size
    const edited =
      shadow.kind === 'text' && isWhole ? hashOf(read.bytes) !== shadow.hash : await isOther(m, shadow, read.stat)
    // Named by its id: after a crash it is put back.
    const aside = join(m.root.path, staging, `d-${id}`)
    const taken =
      isBack || edited
        ? 'changed'
        : await inParent(m.root, shadow.path, (target) => takeOut(target, identity(read.stat), aside))
    if (taken === 'blocked') return 'done'
    // Not put back, for something had its place by then.
    if (taken === 'changed' && look(aside) !== 'missing') await keepInTrash(m, aside, shadow.path)
    if (taken === 'changed') return restore(m, id, shadow)
    // What the server has can be had from its history.
    const isShared = shadow.hash !== ''
    if ((isShared && !m.isOneOfMany(id)) || taken === 'missing') await unlink(aside).catch(() => {})
    else await keepInTrash(m, aside, shadow.path)
    await prune(m, shadow.path)
  } else if (read === 'missing') {
    // Perhaps it has another name by now: whoever forgot it would take it for a new one.
    return 'gone'
  } else if (read === 'unreadable') throw unreadable(shadow.path)
  else if (read === 'other') m.lookAt(shadow.path)
  await m.shadows.remove([id])
  return 'done'
}

/** An edit that nobody else has seen beats the deletion. */
function restore(m: Mirroring, id: Id, { path }: Shadow): 'done' {
  m.log.info('mirror deletion refused', { path, reason: 'edited here meanwhile' })
  m.workspace.files.transact(() => m.workspace.files.restore(id), origin)
  m.again(id)
  return 'done'
}

/** Whether it is another content than the shared one, which a touch alone does not make. */
async function isOther(m: Mirroring, shadow: Shadow, stat: Stat): Promise<boolean> {
  if (identity(stat) === shadow.identity) return false
  if (shadow.hash === '' || stat.size !== shadow.size) return true
  const now = await hashStable(m.root, shadow.path, m.signal)
  return typeof now === 'string' || now.hash !== shadow.hash || identity(now.stat) !== identity(stat)
}

/** Puts back what was being taken out when the process died; into the trash, where something has its place by now. */
export async function recoverRemoval(m: Mirroring, id: Id, aside: string): Promise<void> {
  const shadow = m.shadows.get(id)
  const back = shadow && (await inParent(m.root, shadow.path, (target) => placeNew(aside, target), { make: true }))
  if (back !== true) await keepInTrash(m, aside, shadow?.path ?? id)
}

async function keepInTrash(m: Mirroring, aside: string, path: string): Promise<void> {
  // Names may be as long as the system allows, ours has more to it.
  const name = `${createId()}-${nameOf(path).slice(-60).toWellFormed()}`
  await intoTrash(m, aside, name)
}
