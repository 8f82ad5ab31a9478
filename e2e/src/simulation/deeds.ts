import { isHeld, isTerminal } from '@tandem/shared'
import { randomFrom } from '@tandem/shared/testing'
import { drawTask, type People } from './asks.ts'
import { weatherOf, type Act, type History } from './history.ts'
import type { Invariants } from './invariants.ts'
import type { Moments } from './moments.ts'
import type { Network } from './network.ts'
import type { Machine } from './sim-daemon.ts'
import type { SimServer } from './sim-server.ts'
import type { World } from './world.ts'

type Parts = {
  world: World
  server: SimServer
  network: Network
  people: People
  machines: readonly Machine[]
  moments: Moments
  invariants: Pick<Invariants, 'wakes'>
  tell: ((line: string) => void) | undefined
}

export type Deeds = {
  do(act: Act): void
  /** While it fails nothing is written, and nobody may connect. */
  setDisk(fails: boolean): void
}

/** Carries single acts out: what people ask for, and what fails. */
export function createDeeds(history: History, parts: Parts): Deeds {
  const { world, server, network, people, machines, moments, invariants, tell } = parts
  const weather = weatherOf(history)
  let made = 0

  const setDisk = (fails: boolean) => {
    server.setDiskFailing(fails)
    if (fails) network.cutAll(false)
    else people.fold()
  }
  const killServer = (backAfterMs: number) => {
    server.kill()
    network.cutAll(true)
    world.after(backAfterMs, server.start)
  }

  const act = ({ does, dice }: Act): void => {
    const roll = randomFrom(Math.floor(dice * 2 ** 31))
    const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(roll() * list.length)]
    const known = [...(server.now()?.tasks ?? server.kept.tasks).snapshot().values()]
    const open = known.filter(({ state }) => !isTerminal(state))
    const held = open.filter(({ state }) => isHeld(state))
    const away = held.filter(({ state }) => state === 'disconnected')
    /** Rather one that runs, and best of all one whose daemon does not hear of it. */
    const task = pick(away.length > 0 && roll() < 0.5 ? away : held.length > 0 && roll() < 0.7 ? held : open)
    const machine = pick(machines) as Machine
    /** A moment, or longer than any lease. */
    const { from, to, chance } = weather.long
    const aWhile = roll() < chance ? from + roll() * (to - from) : roll() ** 2 * 20_000
    /** At any instant, and often at the worst: between what is said and what is done about it. */
    const soon = (call: () => void) => {
      if (roll() < 0.4) call()
      else moments.next(machine, roll, () => world.after(world.between(0, 12), call))
    }
    tell?.(`${does} ${machine.name} ${task?.id ?? ''}`)
    switch (does) {
      case 'create':
      case 'createOffline':
        people.ask(
          drawTask(roll, ++made, { known, daemons: machines.map(({ id }) => id), weather }),
          does === 'create' ? 0 : aWhile,
        )
        return
      case 'cancel':
        if (task) people.ask({ kind: 'cancel', task: task.id })
        return
      case 'force': {
        if (!task) return
        // Mostly because its daemon does not answer, which then does not hear of it.
        const holder = machines.find(({ id }) => id === task.lease?.daemonId)
        if (holder && roll() < 0.6) network.partition(holder, ['up', 'down'], 6_000 + roll() * 20_000)
        people.ask({ kind: 'cancel', task: task.id, force: true })
        return
      }
      case 'cancelMany':
        people.ask({ kind: 'cancel-many', tasks: known.slice(-3).map(({ id }) => id) })
        return
      case 'retry':
      case 'rerun': {
        const over = pick(known.filter(({ state }) => isTerminal(state)))
        if (over) people.ask({ kind: does, task: over.id })
        return
      }
      case 'decide': {
        const asked = [...server.kept.ops.approvals.snapshot().values()].filter(({ state }) => state === 'pending')
        const approval = pick(asked)?.id
        if (approval === undefined) return
        if (roll() < 0.2) people.ask({ kind: 'reject', approval })
        else people.ask({ kind: 'approve', approval, scope: roll() < 0.3 ? 'workspace' : 'once' })
        return
      }
      case 'wake': {
        const rests = pick(known.filter(({ state }) => state === 'scheduled'))
        if (rests) people.ask({ kind: 'wake', task: rests.id })
        return
      }
      case 'drain':
        people.ask({ kind: 'drain', daemon: machine.id, on: roll() < 0.5 })
        return
      case 'cut':
        return soon(() => network.cut(machine))
      case 'partition': {
        const ways = pick([['up'], ['down'], ['up', 'down']] as const) ?? ['up']
        return soon(() => network.partition(machine, ways, aWhile))
      }
      case 'killDaemon':
        return soon(() => {
          machine.kill()
          network.cut(machine, { down: true })
          world.after(300 + aWhile, machine.start)
        })
      case 'stopDaemon': {
        const backAfterMs = 300 + roll() * 5_000
        void machine
          .boot()
          ?.stop()
          .then(() => {
            network.cut(machine)
            world.after(backAfterMs, machine.start)
          })
        return
      }
      case 'hang':
        return soon(() => {
          const boot = machine.boot()
          boot?.life.pause()
          network.fallsSilent(machine)
          world.after(aWhile, () => boot?.life.resume())
        })
      case 'sleep':
        return soon(() => {
          machine.sleep()
          network.fallsSilent(machine)
          world.after(aWhile, () => {
            machine.wake()
            invariants.wakes(machine)
          })
        })
      case 'jumpDaemon':
        return machine.boot()?.life.clock.jump((roll() - 0.5) * 96 * 3_600_000)
      case 'killServer':
        // At any instant, and often at the worst: between a decision, the disk, and the word of it.
        if (roll() < 0.3) killServer(200 + aWhile)
        else server.atNextCommit(() => world.after(world.between(0, 10), () => killServer(200 + aWhile)))
        return
      case 'hangServer': {
        const now = server.now()
        now?.life.pause()
        for (const each of machines) network.fallsSilent(each)
        world.after(aWhile, () => now?.life.resume())
        return
      }
      case 'jumpServer':
        return server.now()?.life.clock.jump((roll() - 0.5) * 4 * 3_600_000)
      case 'failDisk':
        setDisk(true)
        world.after(aWhile, () => setDisk(false))
        return
      default:
        return does satisfies never
    }
  }
  return { do: act, setDisk }
}
