import { Id, TandemError, createId, type Clock } from '@tandem/shared'
import { z } from 'zod'
import { schemaVersion } from './migrate.ts'
import type { Store } from './store.ts'

/** What a workspace is called and who stands for it. */
export const Workspace = z.object({
  schema: z.int(),
  id: Id,
  /** Changes when the data is created anew: a replica of another epoch is refused. */
  epoch: Id,
  /** Changes when a backup is restored: cursors of another generation start over. */
  generation: z.int(),
  name: z.string(),
  /** The principal of the server's own changes. */
  serverId: Id,
  /** The principal of the owner's key. */
  ownerId: Id,
  createdAt: z.number(),
})
export type Workspace = z.infer<typeof Workspace>

/** Reads the workspace of this store, or makes one. Throws `store-newer` for data of a later program. */
export async function openWorkspace(store: Store, name: string, clock: Clock): Promise<Workspace> {
  const raw = await store.read('meta', 'workspace')
  const { schema } = z.object({ schema: z.int().default(schemaVersion) }).parse(raw ?? {})
  if (schema > schemaVersion) {
    throw new TandemError('store-newer', {
      reason: 'the data folder was written by a newer Tandem',
      schema,
      known: schemaVersion,
    })
  }
  const known = raw === undefined ? undefined : Workspace.parse(raw)
  const workspace: Workspace = known
    ? { ...known, name }
    : {
        schema: schemaVersion,
        id: createId(),
        epoch: createId(),
        generation: 1,
        name,
        serverId: createId(),
        ownerId: createId(),
        createdAt: clock.now(),
      }
  if (!known || known.name !== name) {
    await store.commit([{ t: 'record', table: 'meta', key: 'workspace', value: workspace }])
  }
  return workspace
}
