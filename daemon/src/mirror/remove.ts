import { rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createId, nameOf, type Id } from '@tandem/shared'
import { origin, type Mirroring } from './context.ts'
import { checkParents, inParent } from '../disk/inside.ts'
import { openOwnFolder } from '../disk/own-folder.ts'
import { readStable } from '../disk/read.ts'
import { hashOf, type Shadow } from './shadow.ts'
import { identity } from '../disk/stat.ts'
import { pruneParents, removeDirectory, staging, takeOut } from '../disk/write.ts'

/** A deletion from outside. An edit that has not been shared yet beats it; what cannot be restored goes to the trash. */
export async function remove(m: Mirroring, id: Id, shadow: Shadow): Promise<'done' | 'gone'> {
  if (shadow.kind === 'dir') {
    await removeDirectory(m.root, shadow.path)
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
    const edited = shadow.kind === 'text' ? hashOf(read.bytes) !== shadow.hash : identity(read.stat) !== shadow.identity
    const aside = join(m.root.path, staging, `c-${createId()}`)
    const taken = edited
      ? 'changed'
      : await inParent(m.root, shadow.path, (target) => takeOut(target, identity(read.stat), aside))
    if (taken === 'blocked') return 'done'
    if (taken === 'changed') {
      m.log.info('mirror deletion refused', { path: shadow.path, reason: 'edited here meanwhile' })
      m.workspace.files.transact(() => m.workspace.files.restore(id), origin)
      m.again(id)
      return 'done'
    }
    if ((shadow.kind === 'text' && !m.isOneOfMany(id)) || taken === 'missing') await unlink(aside).catch(() => {})
    else await keepInTrash(m, aside, shadow.path)
    await pruneParents(m.root, shadow.path)
  } else if (read !== 'missing') return 'done'
  await m.shadows.remove([id])
  return 'done'
}

async function keepInTrash(m: Mirroring, aside: string, path: string): Promise<void> {
  await rename(aside, join(await openOwnFolder(m.root.path, 'trash'), `${createId()}-${nameOf(path)}`))
}
