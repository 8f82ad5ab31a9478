import { createId, isTerminal, type Id, type Task } from '@tandem/shared'
import { RequestBody, type Request, type Requests } from '@tandem/shared/docs'
import type { Weather } from './history.ts'
import { titleOf } from './processes.ts'
import type { SimServer } from './sim-server.ts'
import type { World } from './world.ts'

type Body = Parameters<Requests['ask']>[0]
type By = { id: Id; name: string; role: 'owner' }

/** People who ask: a request is theirs until the server has it, and waits there until it is folded. */
export type People = {
  ask(body: Body, offlineMs?: number): Id
  /** Folds what waits, where there is somebody to do it. */
  fold(): void
  areWaiting(): boolean
  /** Whose name all of it is asked in. */
  id: Id
}

export function createPeople(
  world: World,
  {
    server,
    onAsk,
    onDone,
  }: { server: () => SimServer; onAsk(id: Id, request: Request): void; onDone(id: Id, request: Request): void },
): People {
  const by: By = { id: createId(), name: 'Mira', role: 'owner' }
  const waiting = new Map<Id, Request>()
  let offline = 0
  const fold = () => {
    const now = server().now()
    if (!now || waiting.size === 0) return
    now.life.run(() => {
      void now.fold(by, new Map(waiting)).then(
        (ids) =>
          ids.forEach((id) => {
            const request = waiting.get(id)
            if (request) onDone(id, request)
            // What was done may stand there until the next time: it is dropped in a write of its own, which may fail.
            if (world.random() > 0.05) waiting.delete(id)
            else world.after(world.between(0, 120_000), fold)
          }),
        () => {}, // the disk: folded again when that is mended
      )
    })
  }
  return {
    id: by.id,
    ask: (body, offlineMs = 0) => {
      const id = createId()
      const request: Request = { v: 1, body: RequestBody.parse(body), clientAt: 0 }
      onAsk(id, request)
      offline++
      world.after(offlineMs, () => {
        offline--
        waiting.set(id, request)
        fold()
      })
      return id
    },
    fold,
    areWaiting: () => offline + waiting.size > 0,
  }
}

/** What somebody asks for; `dice` alone decides. */
export function drawTask(
  roll: () => number,
  n: number,
  { known, daemons, weather }: { known: readonly Task[]; daemons: readonly Id[]; weather: Weather },
): Extract<Body, { kind: 'create' }> {
  const chance = (p: number) => roll() < p
  const pick = <T>(list: readonly T[]) => list[Math.floor(roll() * list.length)]
  const { commands, requeue } = weather
  const wish = (p: number) => chance(Math.min(0.7, p * weather.wishes))
  const isGated = wish(0.08)
  const ms = chance(commands.chance) ? commands.from + roll() * (commands.to - commands.from) : roll() ** 2 * 20_000
  const other = pick(known.filter(({ state }) => !isTerminal(state) || chance(0.1)))
  const another = pick(known.filter(({ state }) => state === 'completed' || !isTerminal(state)))
  const dependsOn = [...new Set([other, another].flatMap((t) => (t && chance(0.7) ? [t.id] : [])))]
  const [daemonId, where, keyed] = [pick(daemons), roll(), Math.floor(roll() * 2)]
  return {
    kind: 'create',
    task: {
      title: titleOf(n, ms, chance(0.75) ? 0 : 1, wish(0.2) ? 1 + Math.floor(roll() * 3) : 0),
      payload: {
        kind: 'command',
        command: wish(isGated ? 0.25 : 0.08) ? 'asks' : chance(0.03) ? 'denied' : 'x',
        args: [`${Math.floor(roll() * 4)}`],
      },
      onLost: chance(requeue) ? 'requeue' : 'keep',
      priority: Math.round(roll() * 6 - 3),
      timeoutMs: chance(0.2) ? Math.round(1_000 + roll() * 30_000) : 600_000,
      ...(where < 0.1 ? { requires: ['gpu'] } : where < 0.2 && daemonId !== undefined ? { target: { daemonId } } : {}),
      ...(wish(0.15) ? { idempotencyKey: `key ${Math.floor(roll() * 3)}` } : {}),
      ...(dependsOn.length > 0 && wish(0.3) ? { dependsOn } : {}),
      ...(wish(0.25)
        ? {
            concurrency: {
              key: `k${keyed}`,
              limit: 1 + keyed,
              onFull: pick(['queue', 'replace', 'cancel_running'] as const) ?? 'queue',
            },
          }
        : {}),
      ...(wish(0.3)
        ? { retry: { max: 1 + Math.floor(roll() * 3), backoffMs: 500, on: ['failed', 'timed_out', 'lost'] } }
        : {}),
      ...(wish(0.1) ? { delayMs: Math.round(roll() * 60_000) } : {}),
      ...(wish(0.08) ? { queueTtlMs: Math.round(500 + roll() * 60_000) } : {}),
      ...(isGated ? { gate: { summary: 'May it?' } } : {}),
    },
  }
}
