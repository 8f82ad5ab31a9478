import { diffText, type Id } from '@tandem/shared'
import type { Mirroring } from './context.ts'
import type { OpenText } from './ports.ts'
import { reconcile } from './reconcile.ts'
import type { Shadow } from './shadow.ts'

type Import = {
  text: OpenText
  /** The last common text; undefined where there was none. */
  base: string | undefined
  disk: string
  /** What caused the change, where that is known. */
  task?: Id | undefined
  /** What the shadow will be once the server has it, and its bytes; undefined where the edit is not the file's own state. */
  shadow: { shadow: Omit<Shadow, 'state'>; bytes: Uint8Array; before: string | undefined } | undefined
}

/**
 * Brings the disk's text into the document by the smallest edits, as one update written ahead: after a crash the same
 * update is sent again, which changes nothing where it had arrived. The shadow advances only once the server has it on
 * its disk; until then a restart takes the file for changed. False where there was nothing to bring.
 */
export async function importText(m: Mirroring, id: Id, { text, base, disk, task, shadow }: Import): Promise<boolean> {
  const remote = text.read()
  const remoteHasBase = shadow?.before === undefined || remote.includes(shadow.before)
  const plan = reconcile({ base, disk, remote: remote.text, remoteHasBase })
  if (plan.edit === undefined) return false
  // Read, merge and prepare without a pause: nothing can come between.
  const update = text.prepare(diffText(remote.text, plan.edit), task)
  if (plan.conflicts > 0) {
    await m.conflicts.record(
      shadow?.shadow.path ?? m.shadows.get(id)?.path ?? id,
      { ...(base !== undefined && { base }), disk, remote: remote.text, merged: plan.edit },
      { kind: 'lines', file: id },
    )
  }
  if (shadow)
    await m.shadows.writeAhead([
      { id, update, bytes: shadow.bytes, shadow: { ...shadow.shadow, state: shadow.before ?? remote.state } },
    ])
  text.apply(update)
  await text.durable(m.signal)
  if (shadow) await m.shadows.put([{ id, shadow: { ...shadow.shadow, state: text.read().state }, bytes: shadow.bytes }])
  return true
}
