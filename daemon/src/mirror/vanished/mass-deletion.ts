import { lstatSync, unlinkSync } from 'node:fs'
import { stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Id } from '@tandem/shared'
import type { MirrorQuestion } from '@tandem/shared/docs'
import type { Mirroring } from '../context.ts'
import type { Root } from '../../disk/inside.ts'
import { openOwnFolder } from '../../disk/own-folder.ts'
import type { Questions } from './questions.ts'
import { look, toStat } from '../../disk/stat.ts'

/** Created by a person who really means to delete most of the folder, where no page is at hand. */
const confirmation = '.tandem/confirm-deletes'
const fewFiles = 20

/** So many of so many are gone at once that it may be a slip of the hand, or a disk that is not mounted. */
const isMass = (gone: number, total: number): boolean =>
  gone < fewFiles ? gone === total && total > 1 : gone * 2 > total

/**
 * Why nothing may be concluded from what is at the folder's path now: it is gone, or another directory is in its place,
 * as under a mount point. Undefined where it is the one that is shared. No answer could help: it must be put back.
 */
export function rootTrouble(root: Root): string | undefined {
  try {
    const there = toStat(lstatSync(root.path, { bigint: true }))
    if (there.dev === root.dev && there.ino === root.ino) return undefined
    return 'Another folder is where the shared one was: nothing is written to it, and nothing is deleted. Put the first one back, or start Tandem again to share this one.'
  } catch {
    return 'The folder is gone or cannot be read. Put it back: nothing is deleted meanwhile.'
  }
}

export type Judgement =
  | { delete: readonly Id[]; restore: readonly Id[] }
  /** Nothing is done until somebody has answered, or the files are back. */
  | { reason: string; question: MirrorQuestion }

/**
 * What is to become of files that vanished. So many at once are asked about, and so is everything after the daemon's own
 * folder went with them. What was asked about stays asked until it is answered or back: a folder that is being restored
 * must not lose its other half when the first is there again.
 */
export async function judgeVanished(m: Mirroring, ids: readonly Id[], questions: Questions): Promise<Judgement> {
  const verdict = questions.take()
  if (verdict) {
    const meant = ids.filter((id) => verdict.files.has(id))
    await openOwnFolders(m.root)
    return verdict.answer === 'delete' ? { delete: meant, restore: [] } : { delete: [], restore: meant }
  }
  // What was deleted elsewhere, and is on its way out here, was decided there.
  const isDecided = (id: Id) => m.workspace.files.get(id)?.deleted !== undefined
  const open = ids.filter((id) => !isDecided(id))
  if (open.length === 0) {
    questions.withdraw()
    return { delete: ids, restore: [] }
  }
  const total = m.shadows.size() - (ids.length - open.length)
  const isMarked = look(join(m.root.path, '.tandem')) !== 'missing'
  if (isMarked && !questions.isOpen() && !isMass(open.length, total)) return { delete: ids, restore: [] }
  if (await isConfirmed(m.root)) {
    questions.withdraw()
    return { delete: ids, restore: [] }
  }
  const question = questions.ask(new Map(open.map((id) => [id, m.shadows.get(id)?.path ?? id])), total)
  const reason = `${open.length} of ${total} files are gone from the folder. Put them back, or say in the page what is meant, or create ${confirmation} to delete them for everybody.`
  return { reason, question }
}

/** Makes the daemon's own folders again where somebody removed them. */
export async function openOwnFolders(root: Root): Promise<void> {
  for (const part of ['tmp', 'trash', 'conflicts'] as const) {
    // Something else in its place: what needs it fails by itself, says so, and is tried again.
    await openOwnFolder(root.path, part).catch(() => {})
  }
}

/** What was there before anything was asked, perhaps with a clone, is no answer. */
export function forgetConfirmation({ path }: Root): void {
  try {
    unlinkSync(join(path, confirmation))
  } catch {
    // Not there, as nearly always; or no file, which is none either.
  }
}

/** A confirmation is used up by one yes. */
async function isConfirmed(root: Root): Promise<boolean> {
  const file = join(root.path, confirmation)
  try {
    await stat(file)
    await unlink(file)
    return true
  } catch {
    return false // not there
  }
}

export type Arrivals = {
  /** Looks through what is about to be done for deletions that came from elsewhere. */
  note(ids: readonly Id[]): void
  /** It is one of many: its file goes to the trash. */
  has(id: Id): boolean
  /** All of it is done. */
  end(): void
}

/** A mass deletion that comes from elsewhere was somebody's decision, and is done; that it was meant nobody asked here. */
export function createArrivals({ workspace, shadows }: Pick<Mirroring, 'workspace' | 'shadows'>): Arrivals {
  const many = new Set<Id>()
  return {
    note: (ids) => {
      const deleted = ids.filter((id) => workspace.files.get(id)?.deleted && shadows.get(id))
      if (isMass(deleted.length, shadows.size())) for (const id of deleted) many.add(id)
    },
    has: (id) => many.has(id),
    end: () => many.clear(),
  }
}
