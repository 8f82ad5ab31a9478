import {
  TandemError,
  createId,
  type Clock,
  type Id,
  type RestoreAnswer,
  type RestoreRequest,
  type RevertRequest,
} from '@tandem/shared'
import { openFiles } from '@tandem/shared/docs'
import type { UpdateLog } from '../store/log.ts'
import type { BlobStore } from '../store/blobs.ts'
import type { AppendMeta } from '../store/store.ts'
import type { Checkpoints, NamedBy } from './checkpoints.ts'
import { heldOnce, type Ground } from './ground.ts'
import { prepare, putBack, requireRoom } from './put-back.ts'
import type { VersionStore } from './versions.ts'
import { wishesToRestore, wishesToRevert, type Wishes } from './wishes.ts'

type Deps = {
  ground: Ground
  updates: UpdateLog
  versions: VersionStore
  blobs: Pick<BlobStore, 'look'>
  checkpoints: Checkpoints
  maxTextBytes: number
  clock: Clock
}

/** Bringing back what was, as a new change that can itself be taken back. */
export type Restoring = {
  /** Throws `not-found`, `bad-request`, `conflict` (and has then done nothing), `too-large`. */
  restore(request: RestoreRequest, by: NamedBy): Promise<RestoreAnswer>
  revert(request: RevertRequest, by: NamedBy): Promise<RestoreAnswer>
}

export function createRestoring(deps: Deps): Restoring {
  const { ground, updates, versions, blobs, checkpoints, maxTextBytes, clock } = deps
  const index = heldOnce(ground, { kind: 'files' }, openFiles)

  /** `named` is what the version before is called, where it gets a name. */
  const fulfil = async (
    { wishes, left }: Wishes,
    restoredFrom: number,
    by: NamedBy,
    named?: string,
  ): Promise<RestoreAnswer> => {
    const files = await index()
    const prepared = await prepare({ ground, files, maxTextBytes }, wishes)
    if (prepared.length === 0) return { version: updates.head(), files: [], conflicts: left }
    requireRoom(files, prepared)
    const checkpoint = named === undefined ? undefined : await checkpoints.make({ name: named, kind: 'restore' }, by)
    const before = updates.head()
    const change = createId()
    const meta: AppendMeta = { author: by.id, origin: 'rest', cause: { restoredFrom }, note: { change } }
    const done = await putBack({ ground, files, maxTextBytes, clock }, prepared, meta).catch(async (e: unknown) => {
      if (checkpoint) await checkpoints.remove(checkpoint.id).catch(() => {}) // What was refused says why.
      throw e
    })
    const range = await rangeOf(updates, before, change)
    return {
      version: range?.to ?? updates.head(),
      files: done.files,
      conflicts: [...done.conflicts, ...left],
      ...(range && { undo: range }),
      ...(checkpoint && { checkpoint: checkpoint.id }),
    }
  }

  /** The version to go back to, or the nearest before it that was kept. Throws `not-found` where none is. */
  const resolve = (version: number): number => {
    const seq = versions.resolve(version)
    // At 0 there is nothing: to bring that back would delete everything.
    if (seq === 0 && version > 0)
      throw new TandemError('not-found', { reason: 'this version was forgotten, and none before it is kept', version })
    return seq
  }

  return {
    restore: async ({ version, ...chosen }, by) => {
      const seq = resolve(version)
      const wishes = await wishesToRestore({ updates, versions, blobs }, (await index()).snapshot(), seq, chosen)
      return fulfil(wishes, seq, by, `Before version ${seq} was restored`)
    },
    revert: async ({ from, to, ...chosen }, by) => {
      if (from > to) throw new TandemError('bad-request', { reason: 'from is the older of the two versions', from, to })
      const range = { from: resolve(from), to: resolve(to) }
      const wishes = await wishesToRevert({ updates, versions, blobs }, (await index()).snapshot(), range, chosen)
      return fulfil(wishes, range.from, by)
    },
  }
}

/** From the version before a change to the one with it: its entries stand together in the log. */
async function rangeOf(
  updates: UpdateLog,
  after: number,
  change: Id,
): Promise<{ from: number; to: number } | undefined> {
  let range: { from: number; to: number } | undefined
  for await (const { seq, note } of updates.heads({ after })) {
    if (note?.['change'] !== change) continue
    range = { from: range?.from ?? seq - 1, to: seq }
  }
  return range
}
