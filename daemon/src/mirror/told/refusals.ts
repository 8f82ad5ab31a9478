import { join } from 'node:path'
import type { Mirroring } from '../context.ts'
import { look } from '../../disk/stat.ts'

/** What a person can do about a path that is refused, by how the reason begins; for the others there is nothing. */
const fixes: readonly [string, string][] = [
  ['not shared: ', 'Rename it, or let it in with a line in .tandemignore where that is allowed.'],
  ['a parent is not', 'On the machine of this folder, put a directory where its path leads, or rename it.'],
  ['a link that is not written', 'Let it point at something in the folder, without leaving it.'],
  ['larger than this daemon takes', 'Start the daemon with a larger --max-blob-bytes.'],
  ['the server does not take it', 'Make it smaller, or leave it out with a line in .tandemignore.'],
  ['the server’s copy is damaged', 'Restore an earlier version of it.'],
  ['not deleted: ', 'Restore an earlier version of it, or delete it in the page.'],
]
const inTheWay = 'Move away what is in its place on the machine of this folder, or rename it.'
const fixOf = (reason: string): string | undefined =>
  reason.endsWith(' is in the way') ? inTheWay : fixes.find(([start]) => reason.startsWith(start))?.[1]

export type Refusals = {
  refuse: Mirroring['refuse']
  /** Does work on the file at a path; where it is no longer refused, that has passed. */
  attend<T>(path: string | undefined, work: () => Promise<T>): Promise<T>
  /** Forgets paths that are nowhere any more, and those that were taken after all. */
  sweep(): void
}

/** Paths that are not mirrored, and why: logged once, and an alert while somebody could do something about it. */
export function createRefusals({
  root,
  workspace,
  shadows,
  report,
  log,
}: Pick<Mirroring, 'root' | 'workspace' | 'shadows' | 'report' | 'log'>): Refusals {
  const said = new Map<string, string>()
  /** Those refused since the work on them last began. */
  const fresh = new Set<string>()
  const pass = (path: string) => {
    fresh.delete(path)
    if (said.delete(path)) report.clear('refused', path)
  }
  return {
    refuse: (path, reason) => {
      fresh.add(path)
      if (said.get(path) === reason) return
      said.set(path, reason)
      log.warn('mirror path refused', { path, reason })
      const fix = fixOf(reason)
      if (fix !== undefined) report.alert({ kind: 'refused', path, says: `${path} is not mirrored (${reason}).`, fix })
    },
    attend: async (path, work) => {
      if (path === undefined) return work()
      fresh.delete(path)
      const result = await work()
      if (!fresh.has(path)) pass(path)
      return result
    },
    sweep: () => {
      for (const [path, reason] of said) {
        const isTaken = reason.startsWith('the server does not') && shadows.idAt(path) !== undefined
        const isNowhere = !workspace.files.snapshot().byPath.has(path) && look(join(root.path, path)) === 'missing'
        if (isTaken || isNowhere) pass(path)
      }
    },
  }
}
