import { join } from 'node:path'
import { clashKey } from '@tandem/shared'
import type { FileEntry, FilesSnapshot } from '@tandem/shared/docs'
import type { Mirroring } from '../context.ts'
import { look } from '../../disk/stat.ts'

/** Names that are two here and one elsewhere, on disks that do not mind case or normal form: one of them is not mirrored. */
export type Clashes = {
  /** Of these new files, those that clash with an entry or with one another, and with which path. */
  among(paths: readonly string[]): ReadonlyMap<string, string>
  /** The path that keeps an entry from being written here; undefined where nothing does. */
  with(entry: FileEntry): string | undefined
  /** It is not mirrored because of the other: says so, and calls once that one has gone. */
  block(path: string, other: string, again: () => void): void
  /** Names found on disk in a form that is not shared; one that is shared may have the same spelling elsewhere. */
  misspelt(paths: readonly string[]): void
  /** Lets those go whose other one has gone. */
  review(): void
}

export function createClashes(m: Pick<Mirroring, 'workspace' | 'shadows' | 'report' | 'root'>): Clashes {
  const blocked = new Map<string, { other: string; again: () => void }>()
  const groupsOf = new WeakMap<FilesSnapshot, ReadonlyMap<string, FileEntry[]>>()
  const snapshot = () => m.workspace.files.snapshot()
  const isHere = (entry: FileEntry) => m.shadows.get(entry.id)?.path === entry.path

  const groups = () => {
    const now = snapshot()
    const known = groupsOf.get(now)
    if (known) return known
    const first = new Map<string, FileEntry>()
    const found = new Map<string, FileEntry[]>()
    for (const entry of now.byPath.values()) {
      const key = clashKey(entry.path)
      const other = first.get(key)
      if (other) found.set(key, [...(found.get(key) ?? [other]), entry])
      else first.set(key, entry)
    }
    groupsOf.set(now, found)
    return found
  }

  const block: Clashes['block'] = (path, other, again) => {
    blocked.set(path, { other, again })
    m.report.alert({
      kind: 'clash',
      path,
      says: `${path} is left alone: on other machines its name is the same as that of ${other}.`,
      fix: 'Rename one of them.',
    })
  }
  return {
    among: (paths) => {
      const clashing = new Map<string, string>()
      const pathByKey = new Map<string, string>()
      for (const path of paths.toSorted()) {
        const key = clashKey(path)
        const other = pathByKey.get(key)
        if (other === undefined) pathByKey.set(key, path)
        else clashing.set(path, other)
      }
      for (const { path } of snapshot().byPath.values()) {
        const mine = pathByKey.get(clashKey(path))
        if (mine !== undefined && mine !== path) clashing.set(mine, path)
      }
      return clashing
    },
    with: (entry) => {
      const group = groups().get(clashKey(entry.path))
      if (!group || isHere(entry)) return undefined
      const others = group.filter((other) => other.id !== entry.id)
      const first = others.find(isHere) ?? others.find((other) => other.id < entry.id)
      return first?.path
    },
    block,
    misspelt: (paths) => {
      for (const path of paths) {
        const shared = path.normalize('NFC')
        if (snapshot().byPath.has(shared)) block(path, shared, () => {})
      }
    },
    review: () => {
      for (const [path, { other, again }] of blocked) {
        const isThere = snapshot().byPath.has(path) || look(join(m.root.path, path)) !== 'missing'
        if (isThere && snapshot().byPath.has(other)) continue
        blocked.delete(path)
        m.report.clear('clash', path)
        if (isThere) again()
      }
    },
  }
}
