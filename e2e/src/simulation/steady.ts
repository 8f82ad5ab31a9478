import { titleOf } from './processes.ts'
import { openSetting } from './setting.ts'
import { createWorld } from './world.ts'

const everyMs = 10_000
const lowAtMs = 60_000
/** It takes twenty minutes of waiting to make up for the difference, and more tasks come than can be run. */
export const withinMs = 30 * 60_000

/**
 * More tasks of the highest priority come than one machine can run, for as long as one of the lowest waits. Answers after
 * how many ms that one began; undefined where it did not within half as much again as it may take.
 */
export async function steady(seed: number): Promise<number | undefined> {
  const world = createWorld(seed)
  const start = world.now()
  const { server, people, machines } = openSetting(world, [['desk', 1, []]])
  const asks = (n: number, priority: number) =>
    people.ask({
      kind: 'create',
      task: { title: titleOf(n, 11_000, 0), payload: { kind: 'command', command: 'x' }, priority, timeoutMs: 60_000 },
    })
  let [n, low] = [0, '']
  let waitedMs: number | undefined
  for (let at = 0; at < lowAtMs + 1.5 * withinMs && waitedMs === undefined; at += everyMs) {
    while (await world.step(start + at));
    asks(++n, 10)
    if (at === lowAtMs) low = asks(++n, -10)
    if ((server.kept.tasks.get(low)?.attempt ?? 0) > 0) waitedMs = at - lowAtMs
  }
  server.kill()
  for (const machine of machines) machine.kill()
  return waitedMs
}
