import { Id } from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { createWakes, encodeEvents, eventStreamHeaders, readEventId, type Sent } from './sse.ts'
import { streamOf } from './stream.ts'
import { createTaskChanges, type TaskChanges } from './task-changes.ts'
import { TaskView, type TaskLook } from './task-view.ts'
import { endOf, requireRole } from './who.ts'

/** So many are told at once. */
const batch = 100

/** The shapes of `data`, by the name of the event. */
const ListEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('task'), data: TaskView }),
  z.object({ event: z.literal('gone'), data: z.object({ id: Id }) }),
  z.object({ event: z.literal('caught-up'), data: z.object({}) }),
  z.object({ event: z.literal('reset'), data: z.object({ reason: z.string() }) }),
])

/**
 * `…/tasks/events`: every task that is not over, then each that changes, as it now stands. Who comes again with the last
 * id hears what changed meanwhile; where that cannot be said, `reset`, and again all that are not over.
 */
export function taskListEventRoutes(deps: HttpDeps, look: TaskLook): Hono<Env> {
  const changes = createTaskChanges(deps.requests.tasks)
  return new Hono<Env>().get(
    '/events',
    describe({
      tag: 'Tasks',
      summary: 'How tasks fare, as it happens',
      headers: { 'last-event-id': 'The last id that was heard: it goes on behind that.' },
      answers: { 200: 'events' },
      events: ListEvent,
      errors: ['bad-request'],
    }),
    requireRole(deps, 'viewer'),
    (c) => {
      const heard = readEventId(c.req.header('last-event-id'), /^([0-9A-Z]{26})\.(\d{1,15})$/)
      const n = Number(heard?.[1])
      const since = heard?.[0] === changes.life && changes.knows(n) ? n : undefined
      const events = changesFrom(deps, look, { changes, since, isReset: heard !== undefined, ended: endOf(deps, c) })
      const stream = deps.streams.count(c.var.caller.principal, events)
      return c.body(streamOf(stream, encodeEvents), 200, eventStreamHeaders)
    },
  )
}

type Wanted = { changes: TaskChanges; since: number | undefined; isReset: boolean; ended: AbortSignal }

/** A reader that is slow is told of each task once, as it then stands: nothing piles up for it. */
async function* changesFrom(
  { requests, updates, clock }: HttpDeps,
  look: TaskLook,
  { changes, since, isReset, ended }: Wanted,
): AsyncGenerator<Sent[]> {
  const wakes = createWakes(clock, ended)
  const stops = [requests.tasks.subscribe(wakes.wake), updates.onState(wakes.wake), wakes.close]
  const idOf = (n: number) => `${changes.life}.${n}`
  try {
    let at = since ?? changes.head()
    if (since === undefined) {
      const data = { reason: 'what changed since then is not known any more: list the tasks anew' }
      if (isReset) yield [{ event: 'reset', data, id: idOf(at) }]
      const all = changes.underWay()
      await look.isKept()
      for (let i = 0; i < all.length; i += batch) {
        const shown = await look.views(all.slice(i, i + batch))
        yield shown.map((view) => ({ event: 'task', data: view }))
      }
      // An id is of the moment up to which everything is told.
      yield [{ event: 'caught-up', data: {}, id: idOf(at) }]
    }
    while (!ended.aborted) {
      const some = changes.since(at, batch)
      if (some.length === 0 || !(await look.isKept())) {
        if (!(await wakes.next())) yield []
        continue
      }
      const shown = await look.views(some.flatMap(({ task }) => task ?? []))
      const viewById = new Map(shown.map((view) => [view.id, view]))
      yield some.map(({ id, n }) => {
        const data = viewById.get(id)
        return data ? { event: 'task', data, id: idOf(n) } : { event: 'gone', data: { id }, id: idOf(n) }
      })
      at = some.at(-1)?.n ?? at
    }
  } finally {
    for (const stop of stops) stop()
  }
}
