import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Mirroring } from '../context.ts'
import { alertOf, unreadable } from './failures.ts'
import { openRegular } from '../../disk/open.ts'
import { look } from '../../disk/stat.ts'

/** New files, and directories, that cannot be read: nothing in them can be shared, and people should know. */
export type Unread = {
  add(path: string): void
  /** Takes up again those that can be read by now, and forgets those that are gone. */
  review(): void
}

/** A change of permissions alone is an event of no file: so often those are looked at. */
const againMs = 2_000
/** Of more than so many only a scan finds out. */
const watched = 50

export function createUnread(m: Pick<Mirroring, 'root' | 'report' | 'lookAt'>): Unread {
  const paths = new Set<string>()
  const canBeRead = (path: string): boolean => {
    const place = join(m.root.path, path)
    const stat = look(place)
    if (typeof stat === 'string') return stat === 'missing'
    if (stat.kind !== 'dir') {
      const file = openRegular(m.root, path)
      if (typeof file === 'object') file.close()
      return file !== 'unreadable'
    }
    try {
      readdirSync(place)
      return true
    } catch {
      // Still not.
      return false
    }
  }
  return {
    add: (path) => {
      paths.add(path)
      const alert = alertOf(unreadable(path), path)
      if (alert) m.report.alert(alert)
      if (paths.size <= watched) m.lookAt(path, againMs)
    },
    review: () => {
      for (const path of [...paths].slice(0, watched)) {
        if (canBeRead(path)) {
          paths.delete(path)
          m.report.clear('unreadable', path)
          m.lookAt(path)
        } else m.lookAt(path, againMs)
      }
    },
  }
}
