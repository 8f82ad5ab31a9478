import { diffText, type Id } from '@tandem/shared'
import { readContent, type Dress } from '../../disk/content.ts'
import type { Mirroring } from '../context.ts'
import type { ReadText } from '../ports.ts'
import { readStable, type Read } from '../../disk/read.ts'
import { reconcile } from './reconcile.ts'
import { noteFacts } from './settle-content.ts'
import { hashOf, stamped, type Shadow } from '../memory/shadow.ts'
import { birthmark, identity, isExecutable } from '../../disk/stat.ts'

type Found = { id: Id; shadow: Shadow; read: Read; text: string; dress: Dress }
type Prepared = Found & { update: Uint8Array; next: Shadow; writes: boolean }

/**
 * Brings many changed texts from disk into their documents without opening one: read in bulk, written ahead all together,
 * put in bulk, and only then are the shadows moved on. It takes the plain cases; the others, and what the server refused,
 * are to be settled `alone`, and those with something to write to disk as `moved`. The files' locks must be held.
 */
export async function importMany(
  m: Mirroring,
  ids: readonly Id[],
  task: Id | undefined,
): Promise<{ alone: Id[]; moved: Id[] }> {
  const found: Found[] = []
  const alone: Id[] = []
  const touched: { id: Id; shadow: Shadow }[] = []
  for (const id of ids) {
    const seen = await lookAt(m, id)
    if (seen === 'odd') alone.push(id)
    else if ('text' in seen) found.push(seen)
    else if (seen.shadow !== m.shadows.get(id)) touched.push(seen)
  }
  if (touched.length > 0) await m.shadows.put(touched)
  if (found.length === 0) return { alone, moved: [] }

  const remotes = await m.workspace.read(
    found.map(({ id }) => id),
    m.signal,
  )
  const bases = await m.shadows.texts(found.map(({ id }) => id))
  const prepared: Prepared[] = []
  for (const each of found) {
    const remote = remotes.get(each.id)
    const base = bases.get(each.id)
    const one = remote && base !== undefined ? prepare(each, { base, remote }, task) : undefined
    if (one) prepared.push(one)
    else alone.push(each.id)
  }
  if (prepared.length === 0) return { alone, moved: [] }

  await m.shadows.writeAhead(
    prepared.map(({ id, update, next, read, shadow }) => ({
      id,
      update,
      bytes: read.bytes,
      shadow: { ...next, state: shadow.state },
    })),
  )
  const refused = await m.workspace.change(prepared, task, m.signal)
  const taken = prepared.filter(({ id }) => !refused.has(id))
  await m.shadows.drop([...refused])
  await m.shadows.put(taken.map(({ id, next, read }) => ({ id, shadow: next, bytes: read.bytes })))
  for (const { id, read, dress } of taken) {
    const entry = m.workspace.files.get(id)
    if (entry && !entry.deleted) noteFacts(m, entry, read, dress)
  }
  return { alone: [...alone, ...refused], moved: taken.flatMap(({ id, writes }) => (writes ? id : [])) }
}

/** What is on disk: a changed text; the shadow where nothing changed, stamped anew; or a case to be looked at alone. */
async function lookAt(m: Mirroring, id: Id): Promise<Found | { id: Id; shadow: Shadow } | 'odd'> {
  const shadow = m.shadows.get(id)
  const entry = m.workspace.files.get(id)
  const isPlain = entry?.kind === 'text' && !entry.deleted && shadow?.kind === 'text' && shadow.path === entry.path
  if (!isPlain || m.workspace.files.snapshot().byPath.get(entry.path)?.id !== id) return 'odd'
  // A copy that is held here may have changes that the server lacks.
  if (m.texts.isOpen(id) || m.workspace.holds(id)) return 'odd'
  const read = await readStable(m.root, entry.path, m.maxTextBytes)
  if (typeof read === 'string' || read.stat.size > m.maxTextBytes) return 'odd'
  // Who truncates and then writes is in between; a change of mode has its own comparison.
  if (read.stat.size < shadow.size / 2 || isExecutable(read.stat) !== shadow.exec) return 'odd'
  if (hashOf(read.bytes) === shadow.hash)
    return { id, shadow: shadow.identity === identity(read.stat) ? shadow : stamped(shadow, read) }
  const content = readContent(read.bytes)
  return content.kind === 'text' ? { id, shadow, read, text: content.text, dress: content.dress } : 'odd'
}

/** The update that brings it in; undefined where it is not that plain. */
function prepare(
  found: Found,
  { base, remote }: { base: string; remote: ReadText },
  task: Id | undefined,
): Prepared | undefined {
  const { shadow, read, text } = found
  if (!remote.includes(shadow.state)) return undefined
  const plan = reconcile({ base, disk: text, remote: remote.text, remoteHasBase: true })
  if (plan.edit === undefined || plan.conflicts > 0) return undefined
  const { update, state } = remote.prepare(diffText(remote.text, plan.edit), task)
  const next: Shadow = {
    path: shadow.path,
    kind: 'text',
    identity: identity(read.stat),
    birthmark: birthmark(read.stat),
    hash: hashOf(read.bytes),
    size: read.bytes.length,
    exec: shadow.exec,
    state,
    ...(plan.write !== undefined && { behind: true }),
  }
  return { ...found, update, next, writes: plan.write !== undefined }
}
