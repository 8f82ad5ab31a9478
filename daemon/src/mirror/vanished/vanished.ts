import { join } from 'node:path'
import type { Id } from '@tandem/shared'
import { origin, type Mirroring } from '../context.ts'
import { rootTrouble } from './mass-deletion.ts'
import type { RemoteText } from '../ports.ts'
import { isStill, type Shadow } from '../memory/shadow.ts'
import { isAnothers } from '../place/taken.ts'
import { look, type Stat } from '../../disk/stat.ts'

/**
 * Deletes for everybody what vanished from the disk. Deletions never beat edits: a file whose text moved on since it
 * was last on disk, or was renamed elsewhere, is written again. Locks of the files must not be needed: they are gone.
 */
export async function deleteVanished(m: Mirroring, ids: readonly Id[]): Promise<void> {
  const files = ids.flatMap((id) => {
    const [shadow, entry] = [m.shadows.get(id), m.workspace.files.get(id)]
    return shadow && entry ? [{ id, shadow, entry }] : []
  })
  const texts = await m.workspace.read(
    files.filter(({ shadow }) => shadow.kind === 'text').map(({ id }) => id),
    m.signal,
  )
  const dead: { id: Id; state: string | undefined }[] = []
  const revived: Id[] = []
  for (const { id, shadow, entry } of files) {
    const there = look(join(m.root.path, shadow.path))
    if (there === 'unreadable' || (typeof there === 'object' && isHere(m, id, shadow, there))) {
      m.again(id)
      continue
    }
    // Something of another kind has its place, and is shared once that is free.
    if (there !== 'missing') m.lookAt(shadow.path)
    if (entry.deleted) {
      dead.push({ id, state: undefined })
      continue
    }
    const remote = texts.get(id)
    if (shadow.kind === 'text' && !remote) {
      // Whether somebody edited it meanwhile cannot be seen.
      m.refuse(shadow.path, 'not deleted: the server’s copy is damaged')
      continue
    }
    const untouched =
      shadow.kind === 'text'
        ? (await m.shadows.text(id)) === remote?.text
        : (entry.facts?.blob ?? shadow.hash) === shadow.hash
    if (untouched && entry.path === shadow.path) dead.push({ id, state: remote?.state })
    else revived.push(id)
  }
  // Gone with the folder in this very moment: a later look tells.
  if (rootTrouble(m.root) !== undefined) return
  m.workspace.files.transact(() => {
    for (const { id, state } of dead) {
      if (m.workspace.files.get(id)?.deleted) continue
      const deleted = {
        by: m.workspace.daemonId,
        at: m.clock.now(),
        ...(state === undefined ? {} : { snapshot: state }),
      }
      m.workspace.files.remove(id, deleted)
    }
  }, origin)
  if (dead.length > 0) await m.workspace.indexDurable(m.signal)
  await m.shadows.remove([...dead.map(({ id }) => id), ...revived])
  // Somebody brought it back while the deletion was on its way.
  for (const { id } of dead) if (!m.workspace.files.get(id)?.deleted) m.again(id)
  for (const id of revived) {
    m.log.info('mirror deletion undone', {
      path: m.workspace.files.get(id)?.path,
      reason: 'edited elsewhere meanwhile',
    })
    m.again(id)
  }
}

const isHere = (m: Mirroring, id: Id, shadow: Shadow, stat: Stat) =>
  isStill(shadow, stat) && !isAnothers(m, id, shadow.path, stat)

/** Has what vanished written to the disk again, from its documents. */
export async function restoreVanished(m: Mirroring, ids: readonly Id[]): Promise<void> {
  const gone = ids.filter((id) => {
    const shadow = m.shadows.get(id)
    const there = look(join(m.root.path, shadow?.path ?? ''))
    return there === 'missing' || (shadow && there !== 'unreadable' && isAnothers(m, id, shadow.path, there))
  })
  if (gone.length > 0) m.log.info('mirror writes vanished files again', { files: gone.length })
  // Without a shadow it has never been here, and so is brought.
  await m.shadows.remove(gone)
  for (const id of ids) m.again(id)
}

/** A text that moved although its file is deleted: somebody edited it without knowing. The edit wins. */
export async function resurrectEdited(m: Mirroring, ids: readonly Id[]): Promise<void> {
  const texts = await m.workspace.read(ids, m.signal)
  for (const id of ids) resurrect(m, id, texts.get(id))
}

/** The same for one text as it stands here. True where its file lives again. */
export function resurrect(m: Mirroring, id: Id, text: RemoteText | undefined): boolean {
  const entry = m.workspace.files.get(id)
  if (!entry?.deleted?.snapshot || !text || text.state === entry.deleted.snapshot) return false
  // A text emptied by its deleter is no edit to keep.
  if (text.text === '') return false
  m.log.info('mirror deletion undone', { path: entry.path, reason: 'edited elsewhere meanwhile' })
  m.workspace.files.transact(() => m.workspace.files.restore(id), origin)
  m.again(id)
  return true
}
