import type { Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { origin, type Mirroring } from '../context.ts'

/** Two entries that claim one path; the one with the higher id has to go. */
type Pair = { loser: FileEntry; holder: FileEntry }

/**
 * Two mirrors that shared the same folder at once made two entries of each file. Where both have the same text, the one
 * with the higher id goes, all together and by one change of the index; both mirrors may do so, which is the same. Those
 * that differ, and what is no text, are left to be settled each by itself.
 */
export async function yieldMany(m: Mirroring, ids: readonly Id[]): Promise<void> {
  const pairs = new Map(ids.flatMap((id) => pairOf(m, id) ?? []).map((pair) => [pair.loser.id, pair]))
  if (pairs.size === 0) return
  await m.locks.runAll([...pairs.keys()], async () => {
    const wanted = new Set([...pairs.values()].flatMap(({ loser, holder }) => [loser.id, holder.id]))
    const texts = await m.workspace.read([...wanted], m.signal)
    const going = [...pairs.values()].flatMap(({ loser, holder }) => {
      const [mine, theirs] = [texts.get(loser.id), texts.get(holder.id)]
      return mine && mine.text === theirs?.text ? [{ loser, snapshot: mine.state }] : []
    })
    if (going.length === 0) return
    m.workspace.files.transact(() => {
      for (const { loser, snapshot } of going)
        m.workspace.files.remove(loser.id, { by: m.workspace.daemonId, at: m.clock.now(), snapshot })
    }, origin)
    await m.workspace.indexDurable(m.signal)
    // The files stay: they are the others' now, and bound to them.
    await m.shadows.remove(going.flatMap(({ loser }) => (m.shadows.get(loser.id)?.path === loser.path ? loser.id : [])))
  })
}

/** Seen from the one that has to go, or from the one that holds the path while the other's file lies there. */
function pairOf({ workspace: { files }, shadows, locks, texts }: Mirroring, id: Id): Pair | undefined {
  const entry = files.get(id)
  if (!entry || entry.deleted || entry.kind !== 'text') return undefined
  const holder = files.snapshot().byPath.get(entry.path)
  const loser = holder?.id === id ? files.get(shadows.idAt(entry.path) ?? id) : entry
  if (!holder || !loser || loser.id === holder.id || loser.deleted || loser.path !== holder.path) return undefined
  if (holder.kind !== 'text' || loser.kind !== 'text') return undefined
  // What is open here may have changes that the server lacks.
  if ([loser, holder].some((each) => locks.busy(each.id) || texts.isOpen(each.id))) return undefined
  return { loser, holder }
}
