import type { Claims } from '@tandem/shared'
import { Presence } from '@tandem/shared/docs'

const maxStateBytes = 8 * 1024
const maxClients = 32

type Deps = {
  /** The awareness states a client sent, by Yjs client id: changed in place. */
  states: Map<number, Record<string, unknown>>
  claims: Claims
  /** Whether another connection has that client id already. */
  isForeign(client: number): boolean
}

/**
 * Makes presence say the truth [ACC-6]: `user` comes from the connection, states under someone else's client id are
 * dropped, and what is no presence at all (or too large) is dropped too.
 */
export function stampPresence({ states, claims, isForeign }: Deps): void {
  let kept = 0
  for (const [client, state] of states) {
    const wantsAgent = claims.kind === 'daemon' && (state['user'] as { kind?: unknown } | undefined)?.kind === 'agent'
    const user = {
      id: claims.principal,
      name: claims.name,
      kind: wantsAgent ? 'agent' : claims.kind === 'daemon' ? 'daemon' : 'human',
      hue: hueOf(claims.principal),
    }
    const parsed = Presence.safeParse({ ...state, user })
    const fits = parsed.success && JSON.stringify(parsed.data).length <= maxStateBytes
    if (!fits || kept >= maxClients || isForeign(client)) states.delete(client)
    else {
      states.set(client, parsed.data)
      kept += 1
    }
  }
}

/** A colour of its own for each person, the same in every tab. */
function hueOf(id: string): number {
  let sum = 0
  for (const c of id) sum += c.charCodeAt(0)
  return sum % 6
}
