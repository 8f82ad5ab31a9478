import { symlink, lchown, lstat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createId } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { origin, type Mirroring } from '../context.ts'
import { unreadable } from '../told/failures.ts'
import { checkParents, inParent } from '../../disk/inside.ts'
import type { Shadow } from '../memory/shadow.ts'
import { linkFacts, prune, specialShadow } from './specials.ts'
import { birthmark, codeOf, identity, look, readLink, type Stat } from '../../disk/stat.ts'
import { staging, takeOut } from '../../disk/write.ts'
import { linkReason } from '../../watch/links.ts'

/** A symbolic link: three-way by its target, which is never looked at. */
export async function settleLink(m: Mirroring, entry: FileEntry, shadow: Shadow | undefined): Promise<'done' | 'gone'> {
  const { id, path, facts } = entry
  if (shadow && shadow.path !== path) return moveLink(m, entry, shadow)
  if (checkParents(m.root, path, false) === 'blocked') {
    m.refuse(path, 'a parent is not a directory of this folder')
    return 'done'
  }
  const stat = look(join(m.root.path, path))
  if (stat === 'unreadable') throw unreadable(path)
  const remote = facts?.blob
  if (stat === 'missing') return shadow ? 'gone' : placeLink(m, entry, remote, undefined)
  const disk = readLink(join(m.root.path, path))
  if (stat.kind !== 'symlink' || disk === undefined) {
    if (shadow) return 'gone'
    m.refuse(path, `a ${stat.kind} is in the way`)
    return 'done'
  }
  // One that is this machine's own stays, and nobody is told where it leads.
  const isPrivate = linkReason(m.ignore, path, disk) !== undefined
  if (isPrivate && disk !== shadow?.hash && remote !== undefined && remote !== shadow?.hash) {
    if (shadow) await m.shadows.remove([id])
    m.refuse(path, `a ${stat.kind} is in the way`)
    return 'done'
  }
  if (disk === remote) return remember(m, entry, disk, stat)
  if (shadow && disk !== shadow.hash && (remote === undefined || remote === shadow.hash))
    return share(m, entry, disk, stat)
  if (remote === undefined) return 'done'
  if (disk !== shadow?.hash)
    await m.conflicts.record(path, { disk, remote }, { kind: shadow ? 'blob' : 'replaced', file: id })
  return placeLink(m, entry, remote, stat)
}

async function share(m: Mirroring, { id, path }: FileEntry, disk: string, stat: Stat): Promise<'done'> {
  const { files, daemonId } = m.workspace
  const isShared = linkReason(m.ignore, path, disk) === undefined
  files.transact(() => {
    if (isShared) files.setFacts(id, linkFacts(disk, Buffer.byteLength(disk)))
    else files.remove(id, { by: daemonId, at: m.clock.now() })
  }, origin)
  await m.workspace.indexDurable(m.signal)
  if (isShared) return remember(m, { id, path }, disk, stat)
  // It leads to where others have nothing: from now on it is this machine's own.
  await m.shadows.remove([id])
  return 'done'
}

async function placeLink(
  m: Mirroring,
  entry: FileEntry,
  target: string | undefined,
  over: Stat | undefined,
): Promise<'done'> {
  const { id, path } = entry
  if (target === undefined) return 'done'
  const reason = linkReason(m.ignore, path, target)
  if (reason !== undefined) {
    m.refuse(path, `a link that is not written: ${reason}`)
    return 'done'
  }
  const aside = join(m.root.path, staging, `w-${createId()}`)
  const placed = await inParent(
    m.root,
    path,
    async (place) => {
      // A hard link to a symbolic one is not the same everywhere, so that the old one is moved away instead of being linked aside.
      if (over && (await takeOut(place, identity(over), aside)) === 'changed') return 'changed'
      try {
        // On Windows this needs a privilege; without it the link is refused and told.
        await symlink(target, place)
      } catch (e) {
        if (codeOf(e) === 'EEXIST') return 'changed'
        throw e
      }
      if (process.getuid?.() === 0) {
        const owner = await lstat(m.root.path)
        await lchown(place, owner.uid, owner.gid)
      }
      return look(place)
    },
    { make: true },
  )
  await unlink(aside).catch(() => {})
  if (placed === 'blocked') m.refuse(path, 'a parent is not a directory of this folder')
  else if (typeof placed === 'string') m.again(id)
  else await remember(m, entry, target, placed)
  return 'done'
}

/** It has another place now: there it is made anew. */
async function moveLink(m: Mirroring, entry: FileEntry, shadow: Shadow): Promise<'done'> {
  await takeLinkAway(m, shadow)
  await m.shadows.remove([entry.id])
  m.again(entry.id)
  return 'done'
}

/** Removes a link that is still the shared one; `changed` where it is another by now. */
export async function takeLinkAway(m: Mirroring, shadow: Shadow): Promise<'taken' | 'changed'> {
  const target = readLink(join(m.root.path, shadow.path))
  if (target === undefined) return 'taken'
  if (target !== shadow.hash) return 'changed'
  const removed = await inParent(m.root, shadow.path, async (place) => {
    const stat = look(place)
    if (typeof stat === 'string') return 'taken'
    if (readLink(place) !== shadow.hash) return 'changed'
    const aside = join(m.root.path, staging, `w-${createId()}`)
    const taken = await takeOut(place, identity(stat), aside)
    if (taken === 'taken') await unlink(aside)
    return taken === 'changed' ? 'changed' : 'taken'
  })
  if (removed === 'changed') return 'changed'
  await prune(m, shadow.path)
  return 'taken'
}

async function remember(
  m: Mirroring,
  { id, path }: Pick<FileEntry, 'id' | 'path'>,
  target: string,
  stat: Stat,
): Promise<'done'> {
  const shadow = { ...specialShadow(path, 'symlink', target), identity: identity(stat), birthmark: birthmark(stat) }
  await m.shadows.put([{ id, shadow }])
  return 'done'
}
