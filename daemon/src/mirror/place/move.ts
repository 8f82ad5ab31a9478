import { rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { clashKey, type Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import type { Mirroring } from '../context.ts'
import { letGo, waitFor } from './in-the-way.ts'
import { inParent } from '../../disk/inside.ts'
import { prune } from './specials.ts'
import { intoTrash } from './trash.ts'
import { readContent } from '../../disk/content.ts'
import { readStable } from '../../disk/read.ts'
import { hashOf, isStill, movedTo, type Shadow } from '../memory/shadow.ts'
import { isLike } from '../vanished/moves.ts'
import { birthmark, identity, look, type Stat } from '../../disk/stat.ts'
import { placeNew, staging } from '../../disk/write.ts'

/**
 * Moves a file on disk to where its entry says. `waiting` where another file must leave the place first (that one is
 * looked at, then this one again); `refused` where the new place is not to be written.
 */
export async function moveOnDisk(
  m: Mirroring,
  entry: FileEntry,
  from: string,
): Promise<'moved' | 'waiting' | 'refused'> {
  return m.locks.run('moves', async () => {
    const to = entry.path
    const hidden = m.ignore.reason(to, false)
    const outcome =
      hidden === undefined
        ? await inParent(
            m.root,
            to,
            (target) => inParent(m.root, from, (source) => place(m, entry, { from, source, target })),
            { make: true },
          )
        : 'blocked'
    if (outcome !== 'missing' && outcome !== 'blocked') return outcome
    m.refuse(to, hidden === undefined ? 'a parent is not a directory of this folder' : `not shared: ${hidden}`)
    return 'refused'
  })
}

/** Notes where a file is that was parked in the very moment the process died. */
export async function recoverParked(m: Mirroring, id: Id, name: string): Promise<void> {
  const shadow = m.shadows.get(id)
  const path = `${staging}/${name}`
  if (shadow && shadow.path !== path) await m.shadows.put([{ id, shadow: { ...shadow, path } }])
}

/** `source` and `target` are the two places by the directories held open. */
async function place(
  m: Mirroring,
  entry: FileEntry,
  { from, source, target }: { from: string; source: string; target: string },
): Promise<'moved' | 'waiting' | 'refused'> {
  const to = entry.path
  const [mine, there] = [look(source), look(target)]
  if (typeof mine === 'string' || there === 'unreadable') return 'waiting'
  if (there !== 'missing' && birthmark(there) === birthmark(mine)) {
    // The same file under another spelling, where the disk does not mind case.
    await rename(source, target)
    // A crash came between the two halves of a move: the file has both names, and would be taken for two.
    if (clashKey(from) !== clashKey(to) && look(source) !== 'missing') await unlink(source)
    return 'moved'
  }
  if (there !== 'missing') {
    const other = m.shadows.idAt(to)
    if (other !== undefined && !(await letGo(m, other))) {
      // Files that change places in a ring would wait for each other for ever: the first of them waits outside.
      if (isFirstOfRing(m, entry.id, other, from)) {
        const shadow = m.shadows.get(entry.id)
        const parked = `${staging}/p-${entry.id}`
        await rename(source, join(m.root.path, parked))
        if (shadow) await m.shadows.put([{ id: entry.id, shadow: { ...shadow, path: parked } }])
      }
      waitFor(m, entry.id, [other])
      return 'waiting'
    }
    if (there.kind !== 'file') return 'refused'
    // Somebody made a file of that name here meanwhile: kept aside.
    const read = await readStable(m.root, to, m.maxTextBytes)
    if (typeof read === 'object' && read.bytes.length === read.stat.size)
      await m.conflicts.record(to, { disk: read.bytes }, { kind: 'replaced', file: entry.id })
    await intoTrash(m, target, `${entry.id}-${m.clock.now()}`)
  }
  const shadow = m.shadows.get(entry.id)
  // Saved anew or replaced since, it is what moves: whoever finds it under its new name knows whose it is.
  const moving = shadow && { ...shadow, path: from, moving: to, birthmark: birthmark(mine) }
  if (moving) await m.shadows.put([{ id: entry.id, shadow: moving }])
  if (!(await placeNew(source, target))) {
    if (shadow) await m.shadows.put([{ id: entry.id, shadow: movedTo(shadow, from) }])
    return 'waiting'
  }
  await prune(m, from)
  return 'moved'
}

/**
 * Ends the moves that were under way when the process died, before anybody moves these files again: one that has both
 * names keeps the new one. What was saved under the old one since is its newer content, and no other file.
 */
export async function recoverMoves(m: Mirroring): Promise<void> {
  for (const [id, shadow] of [...m.shadows.all()])
    if (shadow.moving !== undefined)
      await m.shadows.put([{ id, shadow: await endOfMove(m, id, shadow, shadow.moving) }])
}

/** Where such a file is by now, and which file it is: moved on before anybody looked, it is known by its birthmark. */
async function endOfMove(m: Mirroring, id: Id, shadow: Shadow, to: string): Promise<Shadow> {
  const from = shadow.path
  const [old, now] = [look(join(m.root.path, from)), look(join(m.root.path, to))]
  if (typeof now !== 'object' || !isStill(shadow, now)) return movedTo(shadow, from)
  const isNobodys = (stat: Stat) => m.shadows.idBorn(birthmark(stat)) === undefined
  const isThere = birthmark(now) === shadow.birthmark
  // Saved anew under the name it had got, and alone.
  if (!isThere && old === 'missing' && isNobodys(now)) return { ...movedTo(shadow, to), birthmark: birthmark(now) }
  if (!isThere) return movedTo(shadow, from)
  if (typeof old !== 'object' || !isStill(shadow, old)) return movedTo(shadow, to)
  const isSame = birthmark(old) === shadow.birthmark
  const isUntouched = identity(now) === shadow.identity
  const isSaved =
    isNobodys(old) && (isUntouched || BigInt(old.mtimeNs) > BigInt(now.mtimeNs)) && (await isOfIt(m, id, shadow))
  await inParent(m.root, to, (target) =>
    inParent(m.root, from, async (source) => {
      if (isSame) return unlink(source)
      if (!isSaved) return
      // Written to in place before that: the save is of what was read then, but may be of an earlier state.
      if (!isUntouched) await intoTrash(m, target, `${id}-${m.clock.now()}`)
      await rename(source, target)
    }),
  )
  await prune(m, from)
  return isSaved ? { ...movedTo(shadow, to), birthmark: birthmark(old) } : movedTo(shadow, to)
}

/** Whether what has a file's old name is of that file, or a new one that came when the name was free already. */
async function isOfIt(m: Mirroring, id: Id, { path, kind, hash }: Shadow): Promise<boolean> {
  const read = await readStable(m.root, path, m.maxTextBytes)
  if (typeof read === 'string') return false
  const [was, content] = [await m.shadows.text(id), readContent(read.bytes)]
  if (kind !== 'text' || was === undefined || content.kind !== 'text') return hashOf(read.bytes) === hash
  return isLike(was, content.text)
}

/** Whether the files that each stand in the next one's way lead back to `from`, and ours has the lowest id of them. */
function isFirstOfRing(m: Mirroring, id: Id, other: Id, from: string): boolean {
  const seen = new Set([id])
  for (let next: Id | undefined = other; next !== undefined && !seen.has(next);) {
    const entry = m.workspace.files.get(next)
    if (!entry || entry.deleted || next < id) return false
    if (entry.path === from) return true
    seen.add(next)
    next = m.shadows.idAt(entry.path)
  }
  return false
}
