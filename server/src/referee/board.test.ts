import { createId, isHeld, isTerminal, taskStates, type Id, type Task } from '@tandem/shared'
import { openTasks } from '@tandem/shared/docs'
import { randomFrom } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { openBoard, type Board } from './board.ts'
import { taskOf } from './in-memory.suite.ts'

const ids = Array.from({ length: 12 }, () => createId())
const [daemons, people] = [ids.slice(0, 2), ids.slice(2, 4)]
const sorted = (some: Iterable<Task>) => [...some].map(({ id }) => id).toSorted()

/** What a board answers to everything that can be asked. */
const answersOf = (board: Board) => ({
  tasks: ids.map(board.get),
  waiting: sorted(board.waiting()),
  held: sorted(board.held()),
  heldBy: daemons.map((id) => sorted(board.heldBy(id))),
  withKey: ['k', 'l'].map((key) => sorted(board.withKey(key))),
  dependents: ids.map((id) => sorted(board.dependents(id))),
  ended: [...board.ended()].toSorted(),
  due: [0, 5, 10, 30].map((now) => sorted(board.due(now))),
})

/** The same, by looking at every record. */
function answersFrom(tasks: readonly Task[]): ReturnType<typeof answersOf> {
  const waits = (t: Task) => !isTerminal(t.state) && !isHeld(t.state)
  const are = (which: (t: Task) => boolean) => sorted(tasks.filter(which))
  const dueAt = (t: Task) =>
    t.state === 'scheduled'
      ? (t.runAt ?? 0)
      : t.state === 'queued' && t.queueTtlMs
        ? (t.queuedAt ?? 0) + t.queueTtlMs
        : Infinity
  return {
    tasks: ids.map((id) => tasks.find((t) => t.id === id)),
    waiting: are(waits),
    held: are((t) => isHeld(t.state)),
    heldBy: daemons.map((id) => are((t) => isHeld(t.state) && t.lease?.daemonId === id)),
    withKey: ['k', 'l'].map((key) => are((t) => !isTerminal(t.state) && t.concurrency?.key === key)),
    dependents: ids.map((id) => are((t) => waits(t) && t.dependsOn?.includes(id) === true)),
    ended: are((t) => isTerminal(t.state)),
    due: [0, 5, 10, 30].map((now) => are((t) => dueAt(t) <= now)),
  }
}

test.each([1, 2, 3, Date.now() % 1_000_000])(
  '[TSK-54] the index agrees with the records, within a turn and after a restart (seed %i)',
  (seed) => {
    const random = randomFrom(seed)
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
    const maybe = <T extends object>(more: T): T | object => (random() < 0.5 ? more : {})
    const doc = new Y.Doc()
    const records = openTasks(doc)
    const board = openBoard(records)
    const written = new Map<Id, Task>()
    const step = () => {
      const id = pick(ids)
      if (random() < 0.1) {
        board.drop(id)
        return written.delete(id)
      }
      const state = pick(taskStates)
      const lease = { daemonId: pick(daemons), bootId: pick(ids), grantSeq: 1, expiresAt: 9 }
      const task = taskOf(state, {
        id,
        createdBy: pick(people),
        ...(isHeld(state) ? { lease } : {}),
        ...maybe({ concurrency: { key: pick(['k', 'l']), limit: 1, onFull: 'queue' as const } }),
        ...maybe({ dependsOn: [pick(ids), pick(ids)] }),
        ...maybe({ runAt: Math.floor(random() * 20) }),
        ...maybe({ queuedAt: Math.floor(random() * 20), queueTtlMs: 6 }),
      })
      board.put(task)
      return written.set(id, task)
    }
    for (let i = 0; i < 150; i++) {
      doc.transact(() => {
        for (let j = 0; j < 3; j++) {
          step()
          expect(answersOf(board)).toEqual(answersFrom([...written.values()]))
        }
      })
      expect(answersOf(openBoard(records))).toEqual(answersFrom([...records.snapshot().values()]))
    }
  },
)

test('[TSK-5] [TSK-54] the first task with an idempotency key of somebody is the one that is meant', () => {
  const board = openBoard(openTasks(new Y.Doc()))
  const [first, second] = ids as [Id, Id]
  const [mira, ben] = people as [Id, Id]
  board.put(taskOf('queued', { id: first, createdBy: mira, idempotencyKey: 'k' }))
  board.put(taskOf('queued', { id: second, createdBy: ben, idempotencyKey: 'k' }))
  board.put(taskOf('completed', { id: first, createdBy: mira, idempotencyKey: 'k' }))
  expect([board.madeWith(mira, 'k')?.id, board.madeWith(ben, 'k')?.id]).toEqual([first, second])
  expect(board.madeWith(mira, 'l')).toBeUndefined()
  board.drop(first)
  expect(board.madeWith(mira, 'k')).toBeUndefined()
})
