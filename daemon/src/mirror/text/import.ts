import { diffText, type Id } from '@tandem/shared'
import type { Mirroring } from '../context.ts'
import type { OpenText } from '../ports.ts'
import { reconcile } from './reconcile.ts'
import type { Shadow } from '../memory/shadow.ts'

type Import = {
  text: OpenText
  /** The last common text; undefined where there was none. */
  base: string | undefined
  disk: string
  /** What caused the change, where that is known. */
  task?: Id | undefined
} & (
  | {
      /** What the shadow will be once the server has it, and its bytes. */
      shadow: { shadow: Omit<Shadow, 'state'>; bytes: Uint8Array; before: string | undefined }
    }
  | {
      shadow?: undefined
      /** The edit is not the file's own state: notes the update before it is made. */
      note: (update: Uint8Array) => Promise<void>
    }
)

/**
 * Brings the disk's text into the document by the smallest edits, as one update written ahead: after a crash the same
 * update is sent again, which changes nothing where it had arrived. The shadow advances only once the server has it on
 * its disk; until then a restart takes the file for changed. False where there was nothing to bring.
 */
export async function importText(m: Mirroring, id: Id, given: Import): Promise<boolean> {
  const { text, base, disk, task, shadow } = given
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
  if (given.shadow) {
    const { shadow: next, bytes, before } = given.shadow
    await m.shadows.writeAhead([{ id, update, bytes, shadow: { ...next, state: before ?? remote.state } }])
  } else await given.note(update)
  text.apply(update)
  await text.durable(m.signal)
  if (shadow) {
    const { state, text: now } = text.read()
    const next: Shadow = { ...shadow.shadow, state, ...(now !== disk && { behind: true }) }
    await m.shadows.put([{ id, shadow: next, bytes: shadow.bytes }])
  }
  return true
}
