import type { Id } from '@tandem/shared'
import { Presence, type View } from '@tandem/shared/docs'
import type { HocuspocusProvider } from '@hocuspocus/provider'
import type { SignInState } from './token.ts'

/** Someone else who is here now: one tab, or one agent. */
export type Peer = Presence & {
  /** Names the connection; one person may have several. */
  clientId: number
  /** Which of the four hues of its kind it has; the same in every tab that sees the same people. */
  hue: number
}

const hues = 4

/** Who is here, what they look at, and what we tell them of ourselves. */
export function openPeers(provider: HocuspocusProvider, identity: View<SignInState>) {
  const { awareness } = provider
  if (!awareness) throw new TypeError('the presence document needs awareness')
  const read = (): { peers: readonly Peer[]; own: number } => {
    const all = [...awareness.getStates()].flatMap(([clientId, raw]) => {
      const parsed = Presence.safeParse(raw)
      return parsed.success && !parsed.data.gone ? [{ clientId, ...parsed.data }] : []
    })
    const hueOf = assignHues(all.map((p) => p.user))
    return {
      peers: all.filter((p) => p.clientId !== awareness.clientID).map((p) => ({ ...p, hue: hueOf(p.user) })),
      own: hueOf({ ...me(), kind: 'human' }),
    }
  }
  const me = () => {
    const { claims } = identity.snapshot()
    return { id: claims.principal, name: claims.name }
  }
  let cached: ReturnType<typeof read> | undefined
  const wakes = new Set<() => void>()
  const changed = () => {
    cached = undefined
    for (const wake of [...wakes]) wake()
  }
  awareness.on('change', changed)
  const introduce = () => awareness.setLocalStateField('user', { ...me(), kind: 'human', hue: 0 })
  introduce()
  identity.subscribe(() => {
    if (me().name !== (awareness.getLocalState()?.['user'] as { name?: string } | undefined)?.name) introduce()
  })
  return {
    snapshot: () => (cached ??= read()),
    subscribe: (wake: () => void) => {
      wakes.add(wake)
      return () => wakes.delete(wake)
    },
    /** The file in the foreground here. */
    showFile: (file: Id | undefined) => {
      awareness.setLocalState({ ...awareness.getLocalState(), file, selection: undefined })
    },
    /** Our selection in it, as relative positions. */
    showSelection: (selection: { anchor: unknown; head: unknown }) =>
      awareness.setLocalStateField('selection', selection),
  }
}

export type Peers = ReturnType<typeof openPeers>
type User = { id: string; name: string; kind: 'human' | 'agent' | 'daemon' }

const keyOf = ({ id, name, kind }: User) => `${kind}/${id}/${name}`

/** A hue for each by name; two who would share one are moved apart as long as there are hues left. */
export function assignHues(users: readonly User[]): (user: User) => number {
  const hueByKey = new Map<string, number>()
  for (const [key, kind] of [...new Map(users.map((u) => [keyOf(u), u.kind]))].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  )) {
    const taken = new Set([...hueByKey].filter(([k]) => k.startsWith(`${kind}/`)).map(([, hue]) => hue))
    let hue = hash(key) % hues
    for (let i = 0; i < hues && taken.has(hue); i++) hue = (hue + 1) % hues
    hueByKey.set(key, hue)
  }
  return (user) => hueByKey.get(keyOf(user)) ?? hash(keyOf(user)) % hues
}

function hash(text: string): number {
  let h = 2_166_136_261
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16_777_619)
  return h >>> 0
}
