import type { Life, World } from './world.ts'

/** One connection of a daemon with its server. What is said arrives late and in order, or is lost with the connection. */
export type Connection = {
  readonly daemon: string
  /** To the daemon, to the server: calls what is to happen there. */
  down(arrives: () => void): void
  up(arrives: () => void): void
  /** Nothing gets through in this direction for `ms`; what is said meanwhile comes after. */
  hold(way: Way, ms: number): void
  /** Ends it. A part of what is on its way still arrives, and then each side hears that it is over. */
  cut(lost?: { down?: boolean; up?: boolean }): void
  isOpen(): boolean
}
export type Way = 'down' | 'up'

type Ends = { daemon: Life; server: Life; onClosed: Record<Way, () => void> }

export function openConnection(world: World, name: string, { daemon, server, onClosed }: Ends): Connection {
  const ways = {
    down: { lastAt: 0, heldUntil: 0, cutAt: Infinity, life: daemon },
    up: { lastAt: 0, heldUntil: 0, cutAt: Infinity, life: server },
  }
  let open = true
  const say = (way: Way) => (arrives: () => void) => {
    if (!open) return
    const line = ways[way]
    const delay = world.random() < 0.05 ? world.between(50, 2_000) : world.between(1, 20)
    const at = (line.lastAt = Math.max(line.lastAt, line.heldUntil, world.now() + delay))
    world.after(at - world.now(), () => {
      if (at <= line.cutAt) line.life.run(arrives)
    })
  }
  return {
    daemon: name,
    down: say('down'),
    up: say('up'),
    hold: (way, ms) => {
      ways[way].heldUntil = Math.max(ways[way].heldUntil, world.now() + ms)
    },
    cut: ({ down = false, up = false } = {}) => {
      if (!open) return
      open = false
      for (const [way, isLost] of [
        ['down', down],
        ['up', up],
      ] as const) {
        const line = ways[way]
        const rest = Math.max(0, line.lastAt - world.now())
        line.cutAt = isLost ? world.now() : world.now() + world.random() * rest
        world.after(line.cutAt - world.now() + world.between(0, 30), () => line.life.run(onClosed[way]))
      }
    },
    isOpen: () => open,
  }
}
