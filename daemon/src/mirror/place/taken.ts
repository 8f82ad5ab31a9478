import { join } from 'node:path'
import type { Id } from '@tandem/shared'
import type { Mirroring } from '../context.ts'
import type { Shadow } from '../memory/shadow.ts'
import { birthmark, look, type Stat } from '../../disk/stat.ts'

/**
 * Whether a file that was renamed here to `path` is to go back to where it was: another entry has that name already, and
 * its old one is still free on the disk.
 */
export function isTaken(m: Pick<Mirroring, 'root' | 'workspace'>, id: Id, shadow: Shadow, path: string): boolean {
  const holder = m.workspace.files.snapshot().byPath.get(path)
  return holder !== undefined && holder.id !== id && look(join(m.root.path, shadow.path)) === 'missing'
}

/** Whether what lies there is another file that has been put there since, or just now, as its own birthmark and place say. */
export function isAnothers(m: Pick<Mirroring, 'shadows'>, id: Id, path: string, stat: Stat): boolean {
  const owner = m.shadows.idBorn(birthmark(stat))
  if (owner === undefined || owner === id) return false
  const shadow = m.shadows.get(owner)
  return shadow?.path === path || shadow?.moving === path
}

/** Whether this very file lies there, by its birthmark. */
export function isAt(m: Pick<Mirroring, 'root'>, shadow: Shadow, path: string): boolean {
  const there = look(join(m.root.path, path))
  return typeof there === 'object' && birthmark(there) === shadow.birthmark
}
