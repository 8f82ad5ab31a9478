import type { Author, Id } from '@tandem/shared'
import type { View } from '@tandem/shared/docs'
import type { Peer } from './peers.ts'

const hues = 4

type Here = View<{ peers: readonly Pick<Peer, 'user' | 'hue'>[]; own: number }>

/**
 * The hue of an author, 0 to 3. Who is here has the hue of their presence, and keeps it after they left; anybody else
 * gets one by their id, moved apart from those of their kind as long as there are some left.
 */
export function createAuthorHues(here: Here, me: () => Id) {
  const kept = new Map<string, number>()
  const presentHue = ({ id, kind }: Author) => {
    const { peers, own } = here.snapshot()
    if (kind === 'person' && id === me()) return own
    return peers.find(({ user }) => user.id === id && (user.kind === 'human') === (kind === 'person'))?.hue
  }
  return (author: Author): number => {
    const group = author.kind === 'person' ? 'person' : 'agent'
    const key = `${group}/${author.id}`
    const present = presentHue(author)
    if (present !== undefined) kept.set(key, present)
    const held = kept.get(key)
    if (held !== undefined) return held
    const { peers, own } = here.snapshot()
    const taken = new Set([
      ...[...kept].filter(([k]) => k.startsWith(group)).map(([, hue]) => hue),
      ...peers.filter(({ user }) => (user.kind === 'human') === (group === 'person')).map((p) => p.hue),
      ...(group === 'person' ? [own] : []),
    ])
    let hue = [...author.id].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) >>> 0, 7) % hues
    for (let i = 0; i < hues && taken.has(hue); i++) hue = (hue + 1) % hues
    kept.set(key, hue)
    return hue
  }
}
