import { mkdir, rename, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createId, nameOf, type Id } from '@tandem/shared'
import { origin, type Mirroring } from './context.ts'
import { hashOf, type Shadow } from './shadow.ts'
import { identity, readStable } from './stat.ts'
import { checkParents, pruneParents, staging, takeOut, trash } from './write.ts'

/** A deletion from outside. An edit that has not been shared yet beats it; what cannot be restored goes to the trash. */
export async function remove(m: Mirroring, id: Id, shadow: Shadow): Promise<'done' | 'gone'> {
  const target = join(m.root.path, shadow.path)
  if (shadow.kind === 'dir') {
    await rmdir(target).catch(() => {})
    await m.shadows.remove([id])
    return 'done'
  }
  if ((await checkParents(m.root, shadow.path, false)) === 'blocked') return 'done'
  const read = await readStable(target, m.maxTextBytes)
  if (read === 'busy') {
    m.again(id)
    return 'done'
  }
  if (typeof read === 'object') {
    const edited = shadow.kind === 'text' ? hashOf(read.bytes) !== shadow.hash : identity(read.stat) !== shadow.identity
    const aside = join(m.root.path, staging, `c-${createId()}`)
    if (edited || (await takeOut(target, identity(read.stat), aside)) === 'changed') {
      m.log.info('mirror deletion refused', { path: shadow.path, reason: 'edited here meanwhile' })
      m.workspace.files.transact(() => m.workspace.files.restore(id), origin)
      m.again(id)
      return 'done'
    }
    if (shadow.kind === 'text') await unlink(aside).catch(() => {})
    else await keepInTrash(m, aside, shadow.path)
    await pruneParents(m.root, shadow.path)
  } else if (read !== 'missing') return 'done'
  await m.shadows.remove([id])
  return 'done'
}

async function keepInTrash(m: Mirroring, aside: string, path: string): Promise<void> {
  await mkdir(join(m.root.path, trash), { recursive: true })
  await rename(aside, join(m.root.path, trash, `${createId()}-${nameOf(path)}`))
}
