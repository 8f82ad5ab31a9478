import type { FromDaemon, ToDaemon } from '@tandem/shared'
import * as Y from 'yjs'
import { openConnection, type Connection, type Way } from './link.ts'
import type { Boot, Machine } from './sim-daemon.ts'
import { settings, type ServerLife, type SimServer } from './sim-server.ts'
import type { World } from './world.ts'

type Doc = 'tasks' | 'ops'
type Tie = { connection: Connection; boot: Boot; server: ServerLife; hasSelf: boolean; open: Set<Doc> }

export type Network = {
  fromDaemon(boot: Boot, message: FromDaemon): void
  toDaemon(daemon: string, message: ToDaemon): void
  changed(doc: Doc, update: Uint8Array): void
  cut(machine: Machine, lost?: Parameters<Connection['cut']>[0]): void
  /** Ends all connections; `isGone`: there is no server any more to hear of it. */
  cutAll(isGone: boolean): void
  /** Nothing gets through to or from this machine for so long; whoever hears nothing gives the connection up. */
  partition(machine: Machine, ways: readonly Way[], ms: number): void
  /** Somebody on either side hangs: the other one gives the connection up. */
  fallsSilent(machine: Machine): void
  mend(): void
}

/** What ties machines to the server: connections that break, and are made again where that is possible. */
export function createNetwork(
  world: World,
  { machines, server }: { machines: readonly Machine[]; server: () => SimServer },
): Network {
  const ties = new Set<Tie>()
  const blockedUntil = new Map<string, number>()
  const mine = (machine: Machine) => [...ties].filter(({ connection }) => connection.daemon === machine.id)
  const isOpen = ({ connection }: Tie) => connection.isOpen()

  const connect = (machine: Machine, boot: Boot, now: ServerLife) => {
    const tie: Tie = {
      boot,
      server: now,
      hasSelf: false,
      open: new Set(),
      connection: openConnection(world, machine.id, {
        daemon: boot.life,
        server: now.life,
        onClosed: {
          down: () => {
            // Its next connection may be there already.
            if (!mine(machine).some((other) => other !== tie && other.boot === boot && isOpen(other)))
              boot.setSynced(false)
          },
          up: () => {
            ties.delete(tie)
            if (!mine(machine).some((other) => other.server === now)) now.goes(machine.id)
          },
        },
      }),
    }
    ties.add(tie)
    const { connection } = tie
    connection.up(() => {
      now.comes(machine.id, machine.name)
      const steps = [
        () => {
          tie.hasSelf = true
          connection.down(() => boot.setSynced(true))
        },
        ...(['tasks', 'ops'] as const).map((doc) => () => {
          tie.open.add(doc)
          const update = Y.encodeStateAsUpdate(now.docs[doc], Y.encodeStateVector(boot.docs[doc]))
          connection.down(() => Y.applyUpdate(boot.docs[doc], update))
        }),
      ]
      // In whatever order the server gets to them.
      for (const step of steps.toSorted(() => world.random() - 0.5)) now.life.clock.after(world.between(0, 20), step)
    })
  }
  const keepConnecting = (machine: Machine) => {
    const boot = machine.boot()
    const now = server().now()
    const canTalk =
      (blockedUntil.get(machine.id) ?? 0) <= world.now() &&
      !server().diskFails() &&
      now !== undefined &&
      !now.life.isPaused()
    const isIdle = boot && !boot.life.isPaused() && !mine(machine).some((tie) => tie.boot === boot && isOpen(tie))
    if (canTalk && isIdle) connect(machine, boot, now)
    world.after(world.between(200, 3_000), () => keepConnecting(machine))
  }
  for (const machine of machines) world.after(world.between(0, 100), () => keepConnecting(machine))
  const silence = (machine: Machine, lost: Parameters<Connection['cut']>[0], isStill: () => boolean) => {
    const before = mine(machine)
    world.after(settings.deadMs, () => {
      if (isStill()) for (const { connection } of before) connection.cut(lost)
    })
  }

  return {
    fromDaemon: (boot, message) => {
      const tie = [...ties].findLast((each) => each.boot === boot && isOpen(each) && each.hasSelf)
      tie?.connection.up(() => {
        // A daemon is heard on its newest connection alone: what was said on another is old.
        const newest = [...ties].findLast(
          ({ connection, hasSelf }) => connection.daemon === tie.connection.daemon && hasSelf,
        )
        if (newest === tie) tie.server.hears(tie.connection.daemon, message)
      })
    },
    toDaemon: (daemon, message) => {
      for (const { connection, boot, hasSelf } of ties)
        if (connection.daemon === daemon && hasSelf) connection.down(() => boot.hears(message))
    },
    changed: (doc, update) => {
      for (const { connection, boot, open } of ties)
        if (open.has(doc)) connection.down(() => Y.applyUpdate(boot.docs[doc], update))
    },
    cut: (machine, lost) => mine(machine).forEach(({ connection }) => connection.cut(lost)),
    cutAll: (isGone) => {
      for (const { connection } of ties) connection.cut({ up: isGone })
      if (isGone) ties.clear()
    },
    partition: (machine, ways, ms) => {
      const until = world.now() + ms
      blockedUntil.set(machine.id, until)
      for (const way of ways) for (const { connection } of mine(machine)) connection.hold(way, ms)
      const lost = Object.fromEntries(ways.map((way) => [way, true]))
      silence(machine, lost, () => blockedUntil.get(machine.id) === until && world.now() < until)
    },
    fallsSilent: (machine) =>
      silence(machine, { down: true }, () => {
        const now = server().now()
        return machine.boot()?.life.isPaused() !== false || now?.life.isPaused() !== false
      }),
    mend: () => {
      blockedUntil.clear()
      for (const { connection } of ties) connection.cut()
    },
  }
}
