import { createPeople, type People } from './asks.ts'
import { createInvariants, type Invariants } from './invariants.ts'
import { createMoments, type Moments } from './moments.ts'
import { createNetwork, type Network } from './network.ts'
import { createMachine, type Machine } from './sim-daemon.ts'
import { createSimServer, type SimServer } from './sim-server.ts'
import type { World } from './world.ts'

export type Setting = {
  server: SimServer
  network: Network
  people: People
  invariants: Invariants
  machines: readonly Machine[]
  moments: Moments
}
export type MachineFacts = readonly [name: string, slots: number, capabilities: readonly string[]]

/** A server, machines and people, tied to each other and watched; all of them start. `tell` hears all that happens. */
export function openSetting(world: World, facts: readonly MachineFacts[], tell?: (line: string) => void): Setting {
  const moments = createMoments()
  // Tied to each other, they are made one after the other.
  const it = {} as Omit<Setting, 'machines' | 'moments'>

  const machines = facts.map(([name, slots, capabilities]) => {
    const machine: Machine = createMachine({
      world,
      name,
      slots,
      capabilities,
      send: (boot, message) => {
        tell?.(`  ${name} says ${JSON.stringify(message)}`)
        it.network.fromDaemon(boot, message)
        moments.said(machine.id, message.t)
      },
      onHears: (boot, message) => {
        tell?.(`  ${name} hears ${JSON.stringify(message)}`)
        it.invariants.hears(boot, message)
      },
      onProcess: (process) => {
        tell?.(`begins ${process.task}.${process.attempt} on ${name}`)
        it.invariants.begins(process)
      },
    })
    return machine
  })
  it.server = createSimServer({
    world,
    send: (daemon, message) => {
      tell?.(`  ${machines.find(({ id }) => id === daemon)?.name} is told ${JSON.stringify(message)}`)
      it.network.toDaemon(daemon, message)
      moments.said(daemon, message.t)
    },
    changed: (doc, update) => {
      const now = it.server.now()
      it.network.changed(doc, update)
      if (doc === 'tasks' && now) it.invariants.changed(now.tasks.snapshot())
    },
    onStart: (now) => {
      tell?.('the server is up')
      it.invariants.started(now)
      world.after(0, it.people.fold)
    },
    ownerOf: () => undefined,
  })
  it.people = createPeople(world, {
    server: () => it.server,
    onAsk: (id, request) => {
      tell?.(`  somebody asks ${id} ${JSON.stringify(request.body)}`)
      it.invariants.asked(id, request)
    },
    onDone: (id) => it.invariants.done(id),
  })
  it.invariants = createInvariants({ world, server: it.server, machines, person: it.people.id })
  it.network = createNetwork(world, { machines, server: () => it.server })
  it.server.start()
  for (const machine of machines) machine.start()
  return { ...it, machines, moments }
}
