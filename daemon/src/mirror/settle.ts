import { join } from 'node:path'
import type { Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { settleBlob } from './blob/blobs.ts'
import { origin, type Mirroring } from './context.ts'
import { unreadable } from './told/failures.ts'
import { checkParents } from '../disk/inside.ts'
import { isAnothers, isAt, isTaken } from './place/taken.ts'
import { letGo, waitFor, waitsForOthers } from './place/in-the-way.ts'
import { settleLink } from './place/links.ts'
import { moveOnDisk } from './place/move.ts'
import { remove } from './place/remove.ts'
import { settleContent, type Hint } from './text/settle-content.ts'
import { isStill, movedTo, type Shadow } from './memory/shadow.ts'
import { prune, specialShadow } from './place/specials.ts'
import { birthmark, look } from '../disk/stat.ts'
import { removeDirectory } from '../disk/write.ts'
import { resurrect } from './vanished/vanished.ts'

/**
 * Brings one file's entry, text and place on disk to agree; its lock must be held. `gone`: the file has vanished from
 * the disk, and whether that is a deletion is decided for all vanished files together.
 */
export async function settle(m: Mirroring, id: Id, hint: Hint = {}): Promise<'done' | 'gone'> {
  const outcome = await bringTogether(m, id, hint)
  const shadow = m.shadows.get(id)
  // Where it turns up again, under another name perhaps, it is written what could not be now.
  if (outcome === 'gone' && hint.moved && shadow && !shadow.behind)
    await m.shadows.put([{ id, shadow: { ...shadow, behind: true } }])
  return outcome
}

async function bringTogether(m: Mirroring, id: Id, hint: Hint): Promise<'done' | 'gone'> {
  const entry = m.workspace.files.get(id)
  const shadow = m.shadows.get(id)
  if (!entry) return 'done'
  if (entry.deleted) {
    // A copy that is open here tells at once what was written after the deletion; of others the feed tells.
    if (m.texts.isOpen(id) && resurrect(m, id, await m.texts.use(id, m.signal, async (text) => text.read())))
      return 'done'
    if (!shadow) return 'done'
    // Renamed here before that was known: it goes from where it is now.
    const there = hint.found === undefined || hint.found === shadow.path ? shadow : movedTo(shadow, hint.found)
    if (there !== shadow) await m.shadows.put([{ id, shadow: there }])
    return await remove(m, entry, there)
  }
  const holder = m.workspace.files.snapshot().byPath.get(entry.path)
  if (holder && holder.id !== id) return await yieldPath(m, entry, holder)
  if (!shadow) return await arrive(m, entry, hint)
  if (entry.kind === 'dir') return await settleDirectory(m, entry, shadow)
  if (entry.kind === 'symlink') return await settleLink(m, entry, shadow)
  const at = hint.found ?? whereabouts(m, entry, shadow)
  const stat = look(join(m.root.path, at))
  if (stat === 'unreadable') throw unreadable(at)
  if (stat === 'missing' || !isStill(shadow, stat) || isAnothers(m, id, at, stat)) return 'gone'
  let place = at
  if (at !== shadow.path && entry.path === shadow.path && !isTaken(m, id, shadow, at)) {
    m.workspace.files.transact(() => m.workspace.files.move(id, at), origin)
    await m.workspace.indexDurable(m.signal)
  } else if (at !== entry.path) {
    if (isBlocked(m, entry) || waitsForOthers(m, entry)) return 'done'
    if ((await moveOnDisk(m, entry, at)) !== 'moved') return 'done'
    place = entry.path
  }
  const last = m.shadows.get(id) ?? shadow
  if (last.path !== place || last.moving !== undefined) await m.shadows.put([{ id, shadow: movedTo(last, place) }])
  // Another file has its old place already, which until now was taken for this one.
  if (last.path !== place && look(join(m.root.path, last.path)) !== 'missing') m.lookAt(last.path)
  const now = m.workspace.files.get(id) ?? entry
  if (now.path !== place) {
    // Renamed once more while it was moved: it lies where it was to go before.
    m.again(id)
    return 'done'
  }
  return now.kind === 'blob' ? await settleBlob(m, now) : await settleContent(m, now, hint)
}

/**
 * Where a file is, as far as is known: also where it was moved to when the process died, before that was noted. Never
 * where we would not have moved it: what lies there is another file, which nobody is to see.
 */
function whereabouts(m: Mirroring, { id, path }: FileEntry, shadow: Shadow): string {
  if (path === shadow.path || look(join(m.root.path, shadow.path)) !== 'missing') return shadow.path
  const there = look(join(m.root.path, path))
  if (typeof there !== 'object' || !isStill(shadow, there)) return shadow.path
  // Nor one that was just renamed to there: it is known by its birthmark.
  const owner = m.shadows.idAt(path) ?? m.shadows.idBorn(birthmark(there)) ?? id
  return owner === id && m.ignore.reason(path, false) === undefined ? path : shadow.path
}

/** An entry that was never here: its file is written, or bound to what lies at its path already. */
async function arrive(m: Mirroring, entry: FileEntry, hint: Hint): Promise<'done' | 'gone'> {
  const hidden = m.ignore.reason(entry.path, entry.kind === 'dir')
  if (hidden !== undefined) {
    m.refuse(entry.path, `not shared: ${hidden}`)
    return 'done'
  }
  if (isBlocked(m, entry) || waitsForOthers(m, entry)) return 'done'
  const other = m.shadows.idAt(entry.path)
  // Another file of ours still lies there and is about to leave, or to go.
  if (other !== undefined && other !== entry.id && !(await letGo(m, other))) {
    waitFor(m, entry.id, [other])
    return 'done'
  }
  if (entry.kind === 'dir') {
    if (checkParents(m.root, `${entry.path}/x`, true) === 'ok')
      await m.shadows.put([{ id: entry.id, shadow: specialShadow(entry.path, 'dir', '') }])
    else m.refuse(entry.path, 'something else is where the directory would be')
    return 'done'
  }
  if (entry.kind === 'symlink') return await settleLink(m, entry, undefined)
  if (entry.kind === 'blob') return await settleBlob(m, entry)
  return await settleContent(m, entry, { ...hint, moved: true })
}

/** Another entry has the name, on some disks: this one waits until that has gone. */
function isBlocked(m: Mirroring, entry: FileEntry): boolean {
  const other = m.clashes.with(entry)
  if (other !== undefined) m.clashes.block(entry.path, other, () => m.again(entry.id))
  return other !== undefined
}

async function settleDirectory(m: Mirroring, entry: FileEntry, shadow: Shadow): Promise<'done' | 'gone'> {
  if (shadow.path === entry.path) {
    const stat = look(join(m.root.path, entry.path))
    return stat === 'missing' || (typeof stat === 'object' && !isStill(shadow, stat)) ? 'gone' : 'done'
  }
  if (await removeDirectory(m.root, shadow.path)) await prune(m, shadow.path)
  await m.shadows.remove([entry.id])
  m.again(entry.id)
  return 'done'
}

/**
 * Two entries claim one path, and this one has the higher id. Where it was given that name elsewhere, and nobody has its
 * old one, it keeps that; else it goes, its text kept aside unless the other has it too.
 */
async function yieldPath(m: Mirroring, entry: FileEntry, holder: FileEntry): Promise<'done'> {
  const shadow = m.shadows.get(entry.id)
  if (shadow && shadow.path !== entry.path) {
    const there = look(join(m.root.path, shadow.path))
    const isFree =
      m.ignore.reason(shadow.path, false) === undefined && !m.workspace.files.snapshot().byPath.has(shadow.path)
    // Renamed here, and elsewhere another file was: it goes back.
    const isHere = isTaken(m, entry.id, shadow, entry.path) && isAt(m, shadow, entry.path)
    if (isFree && (isHere || (typeof there === 'object' && isStill(shadow, there)))) {
      m.workspace.files.transact(() => m.workspace.files.move(entry.id, shadow.path), origin)
      await m.workspace.indexDurable(m.signal)
      if (isHere) m.lookAt(entry.path)
      m.again(entry.id)
      return 'done'
    }
  }
  const both = [entry, holder].filter(({ kind }) => kind === 'text').map(({ id }) => id)
  const texts = await m.workspace.read(both, m.signal)
  if (both.some((id) => !texts.has(id))) return 'done'
  const [mine, theirs] = [texts.get(entry.id), texts.get(holder.id)]
  const { blob, size } = entry.facts ?? { size: 0 }
  if (mine && mine.text !== '' && mine.text !== theirs?.text)
    await m.conflicts.record(
      entry.path,
      { disk: mine.text, ...(theirs && { remote: theirs.text }) },
      { kind: 'unrelated', file: holder.id },
    )
  else if (entry.kind === 'blob' && blob !== undefined && blob !== holder.facts?.blob)
    await m.conflicts.record(entry.path, { disk: { blob, size } }, { kind: 'blob', file: holder.id })
  const deleted = { by: m.workspace.daemonId, at: m.clock.now(), ...(mine && { snapshot: mine.state }) }
  m.workspace.files.transact(() => m.workspace.files.remove(entry.id, deleted), origin)
  await m.workspace.indexDurable(m.signal)
  // The file itself stays: it is that of whoever has its name, and compared with it.
  if (shadow) await m.shadows.remove([entry.id])
  m.again(holder.id)
  return 'done'
}
