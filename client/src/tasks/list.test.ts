import { createId, Task, type TaskState } from '@tandem/shared'
import { DaemonPresence, Request } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { titleOf } from './describe.ts'
import { filterItems, noFilter } from './filters.ts'
import { askedOf, taskItems, type TaskItem } from './items.ts'
import { waitWords, workersOf } from './queue.ts'
import { placeHash, placeOf } from './task-link.ts'
import { taskForTest } from './test-task.ts'
import { stretches } from './timeline.ts'

const [mira, ben] = [createId(), createId()]
const make = (part: Partial<Task>): Task => taskForTest({ createdBy: mira, ...part })
const mapOf = (tasks: readonly Task[]) => new Map(tasks.map((t) => [t.id, t]))
const ask = (body: unknown, clientAt = 40) => Request.parse({ body, clientAt })
const create = ask({
  kind: 'create',
  task: { title: 'x', payload: { kind: 'command', command: 'ls -la', shell: true } },
})
const none = new Map<string, never>()

test('[UI-160] [S123] what runs stands first, then what waits as its turn comes, then what has ended', () => {
  const order: readonly [TaskState, Partial<Task>][] = [
    ['running', { createdAt: 10 }],
    ['awaiting_approval', { createdAt: 60 }],
    ['queued', { createdAt: 30, priority: 5 }],
    ['queued', { createdAt: 20 }],
    ['queued', { createdAt: 25 }],
    ['blocked', { createdAt: 90 }],
    ['scheduled', { createdAt: 91 }],
    ['failed', { createdAt: 50 }],
    ['completed', { createdAt: 40 }],
  ]
  const tasks = order.map(([state, part]) => make({ state, ...part }))
  const id = createId()
  const items = taskItems(mapOf(tasks.toReversed()), new Map([[id, create]]), none, 100)
  const ids = tasks.map((t) => t.id)
  expect(items.map((i) => i.id)).toEqual([...ids.slice(0, 7), id, ...ids.slice(7)])
})

test('[UI-202] what was refused has its row among what waits for a person, unless it is about a task there is', () => {
  const [waiting, done] = [make({ state: 'awaiting_approval', createdAt: 10 }), make({ state: 'completed' })]
  const refuse = (body: unknown, at: number) => {
    const { body: asked } = ask(body)
    return { id: createId(), kind: asked.kind, reason: 'too many tasks are waiting', at, body: asked }
  }
  const refusals = [
    refuse(create.body, 30),
    refuse({ kind: 'rerun', task: done.id }, 20),
    refuse({ kind: 'cancel', task: done.id }, 40),
    { id: createId(), kind: 'create', reason: 'it is too large', at: 5 },
  ]
  const items = taskItems(mapOf([done, waiting]), none, new Map(refusals.map((r) => [r.id, r])), 0)
  expect(items.map(({ id, payload }) => [id, titleOf(payload)])).toEqual([
    [refusals[0]?.id, 'ls -la'],
    [refusals[1]?.id, 'npm test'],
    [waiting.id, 'npm test'],
    [refusals[3]?.id, 'a task'],
    [done.id, 'npm test'],
  ])
})

test('[UI-164] what is asked for here is one item, before and after the server has it', () => {
  const id = createId()
  const [waiting] = taskItems(new Map(), new Map([[id, create]]), none, 0)
  expect(waiting && titleOf(waiting.payload)).toBe('ls -la')
  const known = make({ id })
  // The request may still be there when the task is.
  for (const requests of [new Map([[id, create]]), none])
    expect(taskItems(mapOf([known]), requests, none, 0)).toEqual([{ id, at: 0, payload: known.payload, task: known }])
})

test('[UI-164] another run of a task is seen as what it will run', () => {
  const done = make({ state: 'completed' })
  const id = createId()
  const items = taskItems(mapOf([done]), new Map([[id, ask({ kind: 'rerun', task: done.id })]]), none, 0)
  expect(items.map((i) => [i.id, titleOf(i.payload)])).toEqual([
    [id, 'npm test'],
    [done.id, 'npm test'],
  ])
})

test('[UI-174] what was asked about a task is known until the server has it', () => {
  const task = createId()
  const requests = new Map([[createId(), ask({ kind: 'cancel', task })]])
  expect([...askedOf(requests, task)]).toEqual(['cancel'])
  expect([...askedOf(requests, createId())]).toEqual([])
})

test('[UI-162] a list is narrowed, and each choice says how many it would leave', () => {
  const [laptop, tower] = [createId(), createId()]
  const on = (daemonId: string) => [{ n: 1, daemonId }]
  const agent = { kind: 'agent', prompt: 'Mend the garden' } as const
  const tasks = [
    make({ state: 'running', attempts: on(laptop) }),
    make({ state: 'failed', attempts: on(tower), createdBy: ben, createdByName: 'Ben' }),
    make({ state: 'completed', attempts: on(tower), payload: agent }),
    make({ state: 'cancelled' }),
    make({ state: 'scheduled', createdBy: ben, createdByName: 'Ben' }),
  ]
  const items = taskItems(mapOf(tasks), new Map([[createId(), create]]), none, 0)
  const all = filterItems(items, noFilter, mira)
  expect(all.items).toEqual(items)
  expect(all.ofAnyState).toBe(6)
  expect(Object.fromEntries(all.counts.state)).toEqual({ running: 1, waiting: 2, failed: 1, passed: 1, stopped: 1 })
  const byBen = filterItems(items, { ...noFilter, author: ben }, mira)
  expect(byBen.items).toHaveLength(2)
  expect(Object.fromEntries(byBen.counts.state)).toEqual({ failed: 1, waiting: 1 })
  // What else could be asked for is counted as if this were not.
  expect(Object.fromEntries(byBen.counts.author)).toEqual({ [mira]: 4, [ben]: 2 })
  expect(filterItems(items, { ...noFilter, daemon: tower, state: 'failed' }, mira).items).toHaveLength(1)
  expect(filterItems(items, { ...noFilter, kind: 'agent' }, mira).items).toHaveLength(1)
  expect(filterItems(items, { ...noFilter, text: ' GARDEN ' }, mira).items).toHaveLength(1)
  expect(filterItems(items, { ...noFilter, text: 'ben' }, mira).items).toHaveLength(2)
  expect(filterItems(items, { ...noFilter, text: 'nowhere' }, mira).items).toEqual([])
})

test('[UI-163] a task that waits says why, and its place in the queue', () => {
  const daemon = DaemonPresence.parse({ id: createId(), name: 'laptop', connection: 'online', lastSeenAt: 0, slots: 1 })
  const running = make({
    state: 'running',
    lease: { daemonId: daemon.id, bootId: createId(), grantSeq: 1, expiresAt: 9 },
  })
  const [first, second] = [make({ createdAt: 1 }), make({ createdAt: 2 })]
  const tasks = mapOf([running, first, second])
  const says = (task: Task, presence = daemon) => waitWords(task, tasks, workersOf(new Map([[daemon.id, presence]])), 5)
  expect(says(running)).toBeUndefined()
  expect(says(first)).toEqual({ reason: 'All slots of laptop are in use.', place: 'next in the queue' })
  expect(says(second)).toEqual({ reason: 'All slots of laptop are in use.', place: '1 comes before it' })
  expect(says(second, { ...daemon, connection: 'offline' })).toEqual({ reason: 'Laptop is offline.', place: undefined })
  expect(waitWords(first, tasks, workersOf(new Map([[daemon.id, daemon]])), 5, 1)?.reason).toBe(
    'This workspace runs as many tasks as it may: 1.',
  )
  const blocked = make({ state: 'blocked', reason: 'waits for build' })
  expect(says(blocked)).toEqual({ reason: 'Waits for build.', place: undefined })
})

test('[UI-171] when a task waited and ran adds up to its life', () => {
  const daemonId = createId()
  const task = make({
    state: 'running',
    createdAt: 100,
    attempts: [
      { n: 1, daemonId, startedAt: 110, endedAt: 130, outcome: 'failed' },
      { n: 2, daemonId, startedAt: 150 },
    ],
  })
  const list = stretches(task, 200)
  expect(list.map(({ attempt, tone, ms }) => [attempt, tone, ms])).toEqual([
    [undefined, 'waiting', 10],
    [1, 'bad', 20],
    [undefined, 'waiting', 20],
    [2, 'running', 50],
  ])
  expect(list.at(-1)?.to).toBe(1)
  expect(stretches(make({ createdAt: 5 }), 5)).toEqual([{ from: 0, to: 1, attempt: undefined, tone: 'waiting', ms: 1 }])
})

test('[UI-169] an address names a task, an attempt and a line, and anything else names nothing', () => {
  const place = { task: createId(), attempt: 2, at: 4096 }
  expect(placeOf(placeHash(place))).toEqual(place)
  expect(placeOf(placeHash({ task: place.task }))).toEqual({ task: place.task, attempt: undefined, at: undefined })
  for (const hash of ['', '#', '#task=nothing', '#attempt=1']) expect(placeOf(hash)).toBeUndefined()
  expect(placeOf(`#task=${place.task}&at=-1&attempt=x`)).toEqual({
    task: place.task,
    attempt: undefined,
    at: undefined,
  })
})

test('[UI-160] thousands of tasks are ordered and counted', () => {
  const one = make({})
  const tasks = Array.from({ length: 5_000 }, (_, i): Task => ({
    ...one,
    id: createId(),
    createdAt: i,
    state: i % 3 ? 'completed' : 'queued',
  }))
  const items: readonly TaskItem[] = taskItems(mapOf(tasks), none, none, 9_999)
  expect(filterItems(items, noFilter, mira).counts.state.get('waiting')).toBe(1_667)
})
