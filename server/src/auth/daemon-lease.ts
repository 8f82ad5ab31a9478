import { Id, TandemError, type Clock } from '@tandem/shared'
import { z } from 'zod'

const Holder = z.object({ id: Id, name: z.string(), shared: z.boolean(), since: z.number() })
type Holder = z.infer<typeof Holder>
const Kept = z.object({ holders: z.array(Holder) })

export type DaemonLease = {
  /** Throws `workspace-served`, naming who has the workspace, where this daemon could not have it now. */
  check(daemon: { id: Id; shared: boolean }): void
  /** The workspace is this daemon's, or stays so; throws `workspace-served` naming who has it. True where that is news. */
  claim(daemon: { id: Id; name: string; shared: boolean }): Promise<boolean>
  /** Whether what this daemon sends may pass: until another has taken over, also after a silence. */
  holds(id: Id): boolean
  /** It said hello. */
  renew(id: Id): void
  connected(id: Id): void
  gone(id: Id): void
  /** It ended cleanly: the workspace is free at once. */
  release(id: Id): Promise<void>
  /** Who serves the workspace now. */
  holders(): (Holder & { connected: boolean })[]
  /** Told, in the same step, of every change of who serves it. */
  onChange(listen: () => void): void
}

type Deps = {
  /** Where the holders are kept, so that a restart of the server gives nobody's workspace away. */
  table: { read(key: string): Promise<unknown>; write(key: string, value: unknown): Promise<void> }
  /** How long a silent holder keeps the workspace, ms. */
  leaseMs: number
  clock: Clock
}

const key = 'lease'

/**
 * One daemon serves a workspace, or several that all say so [S311]: two folders that became one by mistake would merge
 * into each other. A holder keeps it while it is connected and for `leaseMs` of silence, and after that until another
 * comes, so that a daemon returning to an empty place just goes on.
 */
export async function openDaemonLease({ table, leaseMs, clock }: Deps): Promise<DaemonLease> {
  // Who held it before a restart could not be heard meanwhile.
  let holders: readonly Holder[] = Kept.safeParse(await table.read(key)).data?.holders ?? []
  const seenAt = new Map<Id, number>(holders.map(({ id }) => [id, clock.now()]))
  const present = new Set<Id>()
  const listeners: (() => void)[] = []

  const isAlive = ({ id }: Holder) => present.has(id) || clock.now() - (seenAt.get(id) ?? 0) < leaseMs
  const become = async (next: readonly Holder[]) => {
    // In memory first: whoever asks while it is written sees it.
    holders = next
    for (const listen of listeners) listen()
    await table.write(key, { holders: next })
  }
  const othersThan = (id: Id) => holders.filter((holder) => holder.id !== id && isAlive(holder))
  const check: DaemonLease['check'] = ({ id, shared }) => {
    const inTheWay = othersThan(id).find((other) => !shared || !other.shared)
    if (inTheWay) throw refusal(inTheWay, shared)
  }
  return {
    check,
    claim: async ({ id, name, shared }) => {
      check({ id, shared })
      const others = othersThan(id)
      const mine = holders.find((holder) => holder.id === id)
      seenAt.set(id, clock.now())
      const isSame = mine?.name === name && mine.shared === shared && others.length === holders.length - 1
      if (mine && isSame) return false
      await become([...others, { id, name, shared, since: mine?.since ?? clock.now() }])
      return !mine
    },
    holds: (id) => holders.some((holder) => holder.id === id),
    renew: (id) => void seenAt.set(id, clock.now()),
    connected: (id) => {
      present.add(id)
      seenAt.set(id, clock.now())
    },
    gone: (id) => {
      present.delete(id)
      seenAt.set(id, clock.now())
    },
    release: async (id) => {
      present.delete(id)
      if (holders.some((holder) => holder.id === id)) await become(holders.filter((holder) => holder.id !== id))
    },
    holders: () => holders.filter(isAlive).map((holder) => ({ ...holder, connected: present.has(holder.id) })),
    onChange: (listen) => {
      listeners.push(listen)
    },
  }
}

function refusal(holder: Holder, shared: boolean): TandemError {
  const since = new Date(holder.since).toISOString().slice(0, 16).replace('T', ' ')
  const alone = shared ? ', and does not share it' : ''
  return new TandemError('workspace-served', {
    reason: `the daemon “${holder.name}” serves this workspace since ${since} UTC${alone}`,
  })
}
