import { expect, test } from 'vitest'
import { createId, type Id } from '../base/ids.ts'
import { randomFrom } from '../testing/random.ts'
import { byQueueOrder, whyWaiting, type Worker } from './queue.ts'
import { Task, isHeld, isTerminal, taskStates } from './task.ts'

const daemon = createId()
const [now, asked] = [1_000_000, 990_000]

const taskOf = (state: Task['state'], more: Partial<Task> = {}): Task =>
  Task.parse({
    ...{ id: createId(), workspaceId: daemon, title: 't', state, attempt: 0, attempts: [] },
    payload: { kind: 'command', command: 'ls' },
    ...{ createdBy: daemon, createdByName: 'Mira', createdAt: asked, queuedAt: asked },
    ...more,
  })
const held = (more: Partial<Task> = {}, by: Id = daemon) =>
  taskOf('running', { lease: { daemonId: by, bootId: daemon, grantSeq: 1, expiresAt: 9 }, ...more })
const laptop: Worker = { id: daemon, name: 'laptop', isOnline: true, isDraining: false, slots: 1, capabilities: [] }
const tower: Worker = { ...laptop, id: createId(), name: 'tower', capabilities: ['gpu'] }
const mapOf = (...tasks: Task[]) => new Map(tasks.map((task) => [task.id, task]))

const why = (task: Task, workers: readonly Worker[], ...others: Task[]) =>
  whyWaiting(task, mapOf(task, ...others), workers, now)

test('[S110] [TSK-53] [TSK-87] a task that nobody can run says for whom or what it waits', () => {
  const gpu = taskOf('queued', { requires: ['gpu', 'disk'] })
  expect(why(gpu, [])?.reason).toBe('no daemon has joined this workspace yet')
  expect(why(gpu, [laptop, tower])?.reason).toBe('no daemon has all that it needs: gpu, disk')
  const meant = taskOf('queued', { target: { daemonId: daemon }, requires: ['gpu'] })
  expect(why(meant, [laptop, tower])?.reason).toBe('it is meant for laptop, which lacks what it needs: gpu')
  expect(why(meant, [tower])?.reason).toBe('it is meant for a daemon that was never here')
  const one = taskOf('queued', { requires: ['gpu'] })
  expect(why(one, [laptop, { ...tower, isOnline: false }])?.reason).toBe('tower is offline')
  expect(
    why(taskOf('queued'), [
      { ...laptop, isOnline: false },
      { ...tower, isOnline: false },
    ])?.reason,
  ).toBe('laptop, tower are offline')
  for (const drains of [{ isDraining: true }, { slots: 0 }])
    expect(why(one, [laptop, { ...tower, ...drains }])?.reason).toBe('tower begins nothing more')
})

test('[TSK-200] a task that was passed over says for whom it waits, and who refused it', () => {
  const passedBy = [{ daemonId: daemon, name: 'laptop', code: 'command-denied', reason: 'rm is not allowed' }]
  const task = taskOf('queued', { passedBy })
  expect(why(task, [laptop, tower])?.reason).toBe('it is about to start')
  const offline = { ...tower, isOnline: false }
  expect(why(task, [laptop, offline])?.reason).toBe('tower is offline; laptop refused it: rm is not allowed')
  expect(why(task, [laptop])?.reason).toBe('laptop refused it: rm is not allowed')
  expect(why(task, [laptop, tower], held({}, tower.id))?.reason).toBe(
    'all slots of tower are in use; laptop refused it: rm is not allowed',
  )
})

test('[TSK-53] a task that waits for its turn says how many come before it', () => {
  const [first, second] = [taskOf('queued', { createdAt: asked - 1 }), taskOf('queued', { priority: 3 })]
  const mine = taskOf('queued')
  expect(why(mine, [laptop], first, second, held())).toEqual({ reason: 'all slots of laptop are in use', ahead: 2 })
  expect(why(mine, [laptop], first, second)).toEqual({ reason: 'it is about to have its turn', ahead: 2 })
  expect(why(mine, [laptop], taskOf('completed'))).toEqual({ reason: 'it is about to start', ahead: 0 })
  // One slot that it may have is enough.
  expect(why(mine, [laptop, tower], held())).toEqual({ reason: 'it is about to start', ahead: 0 })
})

test('[TSK-53] a task whose key is full says so, and one that is not yet in the queue what it waits for', () => {
  const concurrency = { key: 'deploy', limit: 1, onFull: 'queue' as const }
  const keyed = taskOf('queued', { concurrency })
  expect(why(keyed, [{ ...laptop, slots: 3 }], held({ concurrency }))).toEqual({
    reason: '1 of 1 with the key deploy run already',
    ahead: 0,
  })
  expect(whyWaiting(keyed, mapOf(keyed, held({}, tower.id)), [laptop], now, 1)).toEqual({
    reason: 'this workspace runs as many tasks as it may: 1',
    ahead: 0,
  })
  const at = (more: Partial<Task>) => why(taskOf('scheduled', { runAt: now + 90_000, ...more }), [])?.reason
  expect(at({})).toBe('starts in 2 minutes')
  expect(at({ retries: 1 })).toBe('runs again in 2 minutes')
  expect(at({ runAt: now })).toBe('starts now')
  expect(why(taskOf('blocked', { reason: 'waits for ‘make’' }), [])?.reason).toBe('waits for ‘make’')
  expect(why(taskOf('awaiting_approval'), [])?.reason).toBe('it waits for a person to say yes')
})

test('[TSK-18] [TSK-53] a task that waits always has a reason, and no other has one', () => {
  const random = randomFrom(7)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const maybe = <T extends object>(more: T): T | object => (random() < 0.4 ? more : {})
  for (let i = 0; i < 300; i++) {
    const workers = [laptop, tower]
      .filter(() => random() < 0.8)
      .map((w) => ({ ...w, isOnline: random() < 0.7, isDraining: random() < 0.2, slots: pick([0, 1, 3]) }))
    const tasks = Array.from({ length: 12 }, () => {
      const state = pick(taskStates)
      const more = {
        ...maybe({ target: { daemonId: pick([daemon, createId()]) } }),
        ...maybe({ requires: [pick(['gpu', 'disk'])] }),
        ...maybe({ concurrency: { key: pick(['k', 'l']), limit: 1, onFull: 'queue' as const } }),
        ...maybe({ runAt: now + pick([-5, 5_000]) }),
        ...maybe({ priority: pick([-1, 1]) }),
      }
      return isHeld(state) ? held({ ...more, state }, pick([daemon, tower.id])) : taskOf(state, more)
    })
    const all = mapOf(...tasks)
    const places: number[] = []
    for (const task of tasks) {
      const waiting = whyWaiting(task, all, workers, now)
      expect(waiting === undefined, task.state).toBe(isTerminal(task.state) || isHeld(task.state))
      if (waiting) expect(waiting.reason.length).toBeGreaterThan(5)
      if (waiting?.ahead !== undefined) places.push(waiting.ahead)
    }
    // Each place in the queue is one task's.
    expect(new Set(places).size).toBe(places.length)
  }
})

test('[S107] [S109] the queue goes by priority that grows by one a minute, then by age, then by id', () => {
  const [old, high, young, low] = [
    taskOf('queued', { createdAt: asked - 120_000, queuedAt: asked - 120_000, priority: -1 }),
    taskOf('queued', { priority: 2 }),
    taskOf('queued', { createdAt: asked + 1 }),
    taskOf('queued', { createdAt: asked + 1 }),
  ]
  const order = [low, young, high, old].toSorted(byQueueOrder(now)).map(({ id }) => id)
  expect(order).toEqual([high.id, old.id, young.id, low.id])
})
