import { TandemError, createId, type Checkpoint, type Clock, type Id } from '@tandem/shared'
import { openOps } from '@tandem/shared/docs'
import type { z } from 'zod'
import type { NewCheckpoint } from '@tandem/shared'
import type { UpdateLog } from '../store/log.ts'
import { heldOnce, type Ground } from './ground.ts'
import { cutsAt, type Cuts } from './steps.ts'
import type { VersionStore } from './versions.ts'

/** So many that nobody named are kept; the oldest go. */
const maxAutomatic = 1_000
const maxManual = 5_000

export type NamedBy = { id: Id; name: string }
type Asked = Omit<z.infer<typeof NewCheckpoint>, 'kind'> & { kind: Checkpoint['kind'] }

/** Versions with a name, in the `ops` document, where everybody sees them. */
export type Checkpoints = {
  /** Newest first. */
  list(): Promise<Checkpoint[]>
  /** The versions they name, ascending. */
  versions(): Promise<number[]>
  isCut(): Promise<Cuts>
  /** Throws `not-found` for a version that is not there, `too-large` where there are too many. */
  make(asked: Asked, by: NamedBy): Promise<Checkpoint>
  /** Throws `not-found`. */
  remove(id: Id): Promise<Checkpoint>
}

type Deps = {
  ground: Ground
  versions: Pick<VersionStore, 'resolve'>
  updates: Pick<UpdateLog, 'head'>
  serverId: Id
  clock: Clock
}

const ref = { kind: 'ops' } as const

export function createCheckpoints({ ground, versions, updates, serverId, clock }: Deps): Checkpoints {
  const meta = { author: serverId, origin: 'server' } as const
  const records = heldOnce(ground, ref, (doc) => openOps(doc).checkpoints)
  const sorted = async () =>
    [...(await records()).snapshot().values()].toSorted((a, b) => b.seq - a.seq || (a.id < b.id ? 1 : -1))
  return {
    list: sorted,
    versions: async () => (await sorted()).map(({ seq }) => seq).toReversed(),
    isCut: async () => cutsAt((await sorted()).map(({ seq }) => seq).toReversed()),
    make: async ({ name, version, kind, run }, by) => {
      const all = await records()
      const same = (await sorted()).filter((each) => (each.kind === 'manual') === (kind === 'manual'))
      if (kind === 'manual' && same.length >= maxManual) {
        throw new TandemError('too-large', {
          reason: 'there are too many checkpoints: remove some first',
          limit: maxManual,
        })
      }
      return ground.change(ref, meta, () => {
        const checkpoint: Checkpoint = {
          id: createId(),
          name,
          // In the step in which it gets its name: thinning keeps what has one, and what it drops is not to be named.
          seq: version === undefined ? updates.head() : versions.resolve(version),
          at: clock.now(),
          by: by.id,
          byName: by.name.slice(0, 80),
          kind,
          ...(run !== undefined && { run }),
        }
        all.set(checkpoint.id, checkpoint)
        if (kind !== 'manual') for (const old of same.slice(maxAutomatic - 1)) all.remove(old.id)
        return checkpoint
      })
    },
    remove: async (id) => {
      const all = await records()
      const known = all.get(id)
      if (!known) throw new TandemError('not-found', { reason: 'there is no such checkpoint', id })
      await ground.change(ref, meta, () => all.remove(id))
      return known
    },
  }
}
