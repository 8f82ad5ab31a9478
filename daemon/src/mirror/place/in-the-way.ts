import { join } from 'node:path'
import { parentOf, TandemError, type Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import type { Mirroring } from '../context.ts'
import { checkParents } from '../../disk/inside.ts'
import { look } from '../../disk/stat.ts'
import type { Shadow } from '../memory/shadow.ts'

/**
 * Whether an entry has to wait for others to leave first: a file where a directory of its path will be, or what is in a
 * directory where it will be. They are looked at, then this one again.
 */
export function waitsForOthers(m: Mirroring, { id, path }: FileEntry): boolean {
  const leaving = inTheWay(m, path).filter((other) => {
    const [entry, shadow] = [m.workspace.files.get(other), m.shadows.get(other)]
    if (other === id || !entry || (!entry.deleted && entry.path === placeOf(shadow)) || isStuck(m, other)) return false
    // Two that wait for each other would do so for ever.
    return entry.deleted !== undefined || !inTheWay(m, entry.path).includes(id)
  })
  if (leaving.length === 0) return false
  waitFor(m, id, leaving)
  return true
}

/**
 * Has others looked at, then this one again. Throws where one of them fails, as a disk may refuse for hours: then this
 * one fails too, is tried again as rarely, and nobody waits for it.
 */
export function waitFor(m: Mirroring, id: Id, others: readonly Id[]): void {
  const failing = others.find(m.isFailing)
  if (failing !== undefined)
    throw new TandemError('conflict', {
      reason: `${m.shadows.get(failing)?.path ?? failing} is in its place, and fails`,
    })
  for (const other of others) m.again(other)
  m.again(id)
}

/** Whether a file stays where it is, whatever its entry says: that place, or its own by now, is none of this folder's. */
function isStuck(m: Mirroring, id: Id): boolean {
  const [entry, shadow] = [m.workspace.files.get(id), m.shadows.get(id)]
  if (!entry || !shadow || shadow.kind === 'dir' || shadow.kind === 'symlink') return false
  if (checkParents(m.root, shadow.path, false) === 'blocked') return true
  if (entry.deleted || entry.path === shadow.path) return false
  if (m.ignore.reason(entry.path, false) !== undefined || m.clashes.with(entry) !== undefined) return true
  return checkParents(m.root, entry.path, false) === 'blocked'
}

/**
 * Lets go of a file that stays where another is to be, since nobody can wait for it: what lies there is compared with the
 * other's content. False where it will leave.
 */
export async function letGo(m: Mirroring, id: Id): Promise<boolean> {
  if (!isStuck(m, id)) return false
  await m.shadows.remove([id])
  return true
}

const inTheWay = (m: Mirroring, path: string): Id[] => [...above(m, path), ...below(m, path)]

function above(m: Mirroring, path: string): Id[] {
  for (let dir = parentOf(path); dir !== ''; dir = parentOf(dir)) {
    const id = m.shadows.idAt(dir)
    if (id !== undefined && m.shadows.get(id)?.kind !== 'dir') return [id]
  }
  return []
}

function below(m: Mirroring, path: string): Id[] {
  const stat = look(join(m.root.path, path))
  if (typeof stat === 'string' || stat.kind !== 'dir') return []
  const isBelow = (place: string | undefined) => place?.startsWith(path + '/') === true
  return [...m.shadows.all()].flatMap(([id, shadow]) => (isBelow(shadow.path) || isBelow(placeOf(shadow)) ? [id] : []))
}

/** Where a file lies, or will in a moment. */
const placeOf = (shadow: Shadow | undefined): string | undefined => shadow?.moving ?? shadow?.path
