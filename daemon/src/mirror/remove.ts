import { rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createId, nameOf, type Id } from '@tandem/shared'
import { origin, type Mirroring } from './context.ts'
import { checkParents, inParent } from '../disk/inside.ts'
import { openOwnFolder } from '../disk/own-folder.ts'
import { unreadable } from './failures.ts'
import { takeLinkAway } from './links.ts'
import { hashStable } from '../disk/open.ts'
import { readStable } from '../disk/read.ts'
import { hashOf, type Shadow } from './shadow.ts'
import { prune } from './specials.ts'
import { identity, type Stat } from '../disk/stat.ts'
import { removeDirectory, staging, takeOut } from '../disk/write.ts'

/** A deletion from outside. An edit that has not been shared yet beats it; what cannot be restored goes to the trash. */
export async function remove(m: Mirroring, id: Id, shadow: Shadow): Promise<'done' | 'gone'> {
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
    const edited = shadow.kind === 'text' ? hashOf(read.bytes) !== shadow.hash : await isOther(m, shadow, read.stat)
    const aside = join(m.root.path, staging, `c-${createId()}`)
    const taken = edited
      ? 'changed'
      : await inParent(m.root, shadow.path, (target) => takeOut(target, identity(read.stat), aside))
    if (taken === 'blocked') return 'done'
    if (taken === 'changed') return restore(m, id, shadow)
    // What the server has can be had from its history.
    const isShared = shadow.hash !== ''
    if ((isShared && !m.isOneOfMany(id)) || taken === 'missing') await unlink(aside).catch(() => {})
    else await keepInTrash(m, aside, shadow.path)
    await prune(m, shadow.path)
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

async function keepInTrash(m: Mirroring, aside: string, path: string): Promise<void> {
  await rename(aside, join(await openOwnFolder(m.root.path, 'trash'), `${createId()}-${nameOf(path)}`))
}
