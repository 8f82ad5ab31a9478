import { Id, Task, type Clock } from '@tandem/shared'
import { z } from 'zod'
import type { Archive } from '../referee/ports.ts'
import type { UpdateLog } from '../store/log.ts'
import type { RecordWrite, Store } from '../store/store.ts'

/** After this long the key of a task that is in the archive is forgotten, ms. */
export const keyLifeMs = 30 * 24 * 3_600_000

const Made = z.object({ task: Id, at: z.number() })
type Made = z.infer<typeof Made>

/** Tasks that left the document, in the server's store; and which task was made with which idempotency key. */
export type TaskArchive = Archive & {
  /** A task that is there; undefined for any other. */
  find(id: Id): Promise<Task | undefined>
  /** Those that are there, the newest first; before `id`, where one is given. */
  before(id?: Id): AsyncIterable<Task>
}

type Deps = { store: Pick<Store, 'read' | 'list'>; updates: Pick<UpdateLog, 'write'>; clock: Clock }

export async function openArchive({ store, updates, clock }: Deps): Promise<TaskArchive> {
  const made = new Map<string, Made>()
  const isOver = ({ at }: Made) => clock.now() - at > keyLifeMs
  const write = (writes: RecordWrite[]) => {
    updates.write(writes).catch(() => {
      // The store keeps it, and says itself that it fails.
    })
  }
  for await (const [key, value] of store.list('task-keys')) {
    const known = Made.safeParse(value).data
    if (known && !isOver(known)) made.set(key, known)
    else if (known) write([{ t: 'record', table: 'task-keys', key, value: undefined }])
  }
  return {
    // Gathered into the same batch as the change that takes it out of the document.
    add: (task) => {
      const writes: RecordWrite[] = [{ t: 'record', table: 'ended-tasks', key: task.id, value: task }]
      if (task.idempotencyKey !== undefined) {
        const key = keyOf(task.createdBy, task.idempotencyKey)
        const value = { task: task.id, at: clock.now() }
        made.set(key, value)
        writes.push({ t: 'record', table: 'task-keys', key, value })
      }
      write(writes)
    },
    madeWith: (by, key) => {
      const known = made.get(keyOf(by, key))
      return known && !isOver(known) ? known.task : undefined
    },
    find: async (id) => Task.safeParse(await store.read('ended-tasks', id)).data,
    before: async function* (id) {
      for await (const [, value] of store.list('ended-tasks', { before: id, reverse: true })) {
        const task = Task.safeParse(value).data
        if (task) yield task
      }
    },
  }
}

/** A key may hold anything: in the store it stands in hexadecimal digits. */
const keyOf = (by: Id, key: string): string => `${by}.${Buffer.from(key).toString('hex')}`
