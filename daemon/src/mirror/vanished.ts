import { stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Id } from '@tandem/shared'
import { readContent } from '../disk/content.ts'
import { origin, type Mirroring } from './context.ts'
import { isStill } from './shadow.ts'
import { look } from '../disk/stat.ts'

/** Created by a person who really means to delete most of the folder. */
export const confirmation = '.tandem/confirm-deletes'
const fewFiles = 20

/**
 * Why so many files gone at once are not taken for deletions: an unmounted disk, a moved folder or a slip of the hand
 * looks just like that. Undefined where it may go ahead. A confirmation is used up by one yes.
 */
export async function massDeletion(m: Mirroring, gone: number): Promise<string | undefined> {
  const total = m.shadows.size()
  if (gone < fewFiles ? gone < total || total < 2 : gone * 2 <= total) return undefined
  const file = join(m.root.path, confirmation)
  try {
    await stat(file)
    await unlink(file)
    return undefined
  } catch {
    return `${gone} of ${total} files are gone from the folder. Put them back, or create ${confirmation} to delete them for everybody.`
  }
}

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
    if (there === 'unreadable' || (typeof there === 'object' && isStill(shadow, there))) {
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
    const base = readContent(await m.shadows.bytes(id))
    const untouched =
      shadow.kind === 'text'
        ? base.kind === 'text' && base.text === remote?.text
        : (entry.facts?.blob ?? shadow.hash) === shadow.hash
    if (untouched && entry.path === shadow.path) dead.push({ id, state: remote?.state })
    else revived.push(id)
  }
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
  for (const id of revived) {
    m.log.info('mirror deletion undone', {
      path: m.workspace.files.get(id)?.path,
      reason: 'edited elsewhere meanwhile',
    })
    m.again(id)
  }
}

/** A text that moved although its file is deleted: somebody edited it without knowing. The edit wins. */
export async function resurrectEdited(m: Mirroring, ids: readonly Id[]): Promise<void> {
  const texts = await m.workspace.read(ids, m.signal)
  for (const id of ids) {
    const [entry, text] = [m.workspace.files.get(id), texts.get(id)]
    if (!entry?.deleted?.snapshot || !text || text.state === entry.deleted.snapshot) continue
    // A text emptied by its deleter is no edit to keep.
    if (text.text === '') continue
    m.log.info('mirror deletion undone', { path: entry.path, reason: 'edited elsewhere meanwhile' })
    m.workspace.files.transact(() => m.workspace.files.restore(id), origin)
    m.again(id)
  }
}
