import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createId, parentOf } from '@tandem/shared'
import { origin, type Mirroring } from '../context.ts'
import { isBehindLink } from '../../disk/inside.ts'
import { linkReason } from '../../watch/links.ts'
import type { Shadow } from '../memory/shadow.ts'
import { birthmark, identity, look, readLink } from '../../disk/stat.ts'
import { pruneParents } from '../../disk/write.ts'
import type { Scan } from '../../watch/scan.ts'

/** Empty directories and symbolic links: entries without a content of their own. */
export type Specials = {
  /** What a scan found of them. */
  take(scan: Pick<Scan, 'links' | 'empty' | 'misspelt' | 'unreadable'>): void
  /** Looks at these paths, as the watcher named them. */
  look(paths: readonly string[]): void
  /**
   * Shares those that are new, all together. While files are at work (`isBusy`) no empty directory is: the last one may
   * just have been taken out of it, and it goes next.
   */
  share(isBusy: boolean): Promise<void>
}

/** A directory that is empty for so long was meant to be: who makes one mostly puts something into it at once. */
const calmMs = 500

/** Finds what is not shared yet; what is known already is settled entry by entry. */
export function createSpecials(m: Mirroring): Specials {
  const { files } = m.workspace
  const links = new Map<string, string>()
  /** Since when each is known to be empty. */
  const empty = new Map<string, number>()
  const foundLink = (path: string, target: string) => {
    const id = m.shadows.idAt(path)
    if (id === undefined) links.set(path, target)
    else if (m.shadows.get(id)?.hash !== target) m.again(id)
  }
  const foundEmpty = (path: string) => {
    if (m.shadows.idAt(path) === undefined && !empty.has(path)) empty.set(path, m.clock.now())
  }
  /** Those that are still empty, and for long enough. */
  const takeEmpty = (isBusy: boolean): string[] => {
    const due: string[] = []
    for (const [path, since] of empty) {
      if (!isEmpty(m, path)) empty.delete(path)
      else if (!isBusy && (m.inHaste() || m.clock.now() - since >= calmMs)) {
        empty.delete(path)
        due.push(path)
      } else m.lookAt(path, calmMs)
    }
    return due
  }
  return {
    take: (scan) => {
      for (const [path, target] of scan.links) foundLink(path, target)
      for (const path of scan.empty) foundEmpty(path)
      m.clashes.misspelt(scan.misspelt)
      for (const path of scan.unreadable) m.unread.add(path)
    },
    look: (paths) => {
      for (const path of new Set([...paths, ...paths.map(parentOf)])) {
        if (path === '' || isBehindLink(m.root, path)) continue
        const stat = look(join(m.root.path, path))
        if (typeof stat === 'string' || m.ignore.reason(path, stat.kind === 'dir') !== undefined) continue
        if (stat.kind === 'dir' && isEmpty(m, path)) foundEmpty(path)
        const target = stat.kind === 'symlink' ? readLink(join(m.root.path, path)) : undefined
        const isKnown = m.shadows.idAt(path) !== undefined
        if (target !== undefined && (isKnown || linkReason(m.ignore, path, target) === undefined))
          foundLink(path, target)
      }
    },
    share: async (isBusy) => {
      const found: { path: string; kind: 'dir' | 'symlink'; target: string }[] = [
        ...takeEmpty(isBusy).map((path) => ({ path, kind: 'dir' as const, target: '' })),
        ...[...links].map(([path, target]) => ({ path, kind: 'symlink' as const, target })),
      ]
      links.clear()
      if (found.length === 0) return
      const clashing = m.clashes.among(found.map(({ path }) => path))
      const fresh = found.flatMap(({ path, kind, target }) => {
        const stat = look(join(m.root.path, path))
        const [holder, other] = [files.snapshot().byPath.get(path), clashing.get(path)]
        if (holder) m.again(holder.id)
        else if (other !== undefined) m.clashes.block(path, other, () => m.lookAt(path))
        else if (typeof stat === 'object' && stat.kind === kind) {
          const size = Buffer.byteLength(target)
          const shadow = { ...specialShadow(path, kind, target), identity: identity(stat), birthmark: birthmark(stat) }
          return [
            { id: createId(), path, kind, shadow, facts: kind === 'symlink' ? linkFacts(target, size) : undefined },
          ]
        }
        return []
      })
      if (fresh.length === 0) return
      files.transact(() => {
        for (const { id, path, kind, facts } of fresh) files.create(path, kind, facts, id)
      }, origin)
      await m.workspace.indexDurable(m.signal)
      await m.shadows.put(fresh)
    },
  }
}

export const specialShadow = (path: string, kind: 'dir' | 'symlink', target: string): Shadow => ({
  path,
  kind,
  identity: '',
  birthmark: '',
  hash: target,
  size: Buffer.byteLength(target),
  exec: false,
  state: '',
})

export const linkFacts = (target: string, size: number) => ({
  size,
  blob: target,
  exec: false,
  eol: 'lf' as const,
  bom: false,
})

/** Takes away the directories that a removal or a move left empty, but for those that are shared as such. */
export const prune = (m: Mirroring, path: string): Promise<void> =>
  pruneParents(m.root, path, (dir) => m.workspace.files.snapshot().byPath.get(dir)?.kind === 'dir')

function isEmpty(m: Mirroring, path: string): boolean {
  try {
    return readdirSync(join(m.root.path, path)).length === 0
  } catch {
    // Gone, no directory, or not ours to see.
    return false
  }
}
