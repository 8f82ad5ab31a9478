import { isTerminal } from '@tandem/shared'
import { writeLogLine } from '@tandem/shared/docs'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { readValue } from './problem.ts'
import { createWakes, encodeEvents, eventStreamHeaders, readEventId, type Sent } from './sse.ts'
import { streamOf } from './stream.ts'
import { createOutputReader, type Place } from './task-output.ts'
import { TaskView, type TaskLook } from './task-view.ts'
import { endOf, requireRole } from './who.ts'

const EventsQuery = z.object({
  follow: z.stringbool().default(true).describe('Without it the stream ends with what there is by now.'),
  since: z.string().max(40).optional().describe('Like the header Last-Event-ID, for the first time.'),
})

/** The shapes of `data`, by the name of the event. */
const TaskEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('state'), data: TaskView }),
  z.object({
    event: z.literal('output'),
    data: z.object({
      attempt: z.int().positive(),
      q: z.int().nonnegative().describe('The number of the chunk; they have no gaps.'),
      o: z.number().describe('At which byte of the output it begins.'),
      t: z.number().describe('Milliseconds since the attempt began.'),
      s: z.int().describe('1 is stdout, 2 is stderr, 3 are words of Tandem itself.'),
      d: z.string().optional().describe('The text.'),
      b: z.string().optional().describe('The bytes in base64, where they are no text.'),
    }),
  }),
  z.object({
    event: z.literal('gap'),
    data: z.object({
      attempt: z.int().positive(),
      from: z.int().describe('The first chunk that is not told.'),
      to: z.int().describe('The chunk with which it goes on.'),
      reason: z.string(),
    }),
  }),
])

const reason = 'the reader was too slow for it, or it is kept no longer: read the log when the task has ended'

/**
 * `…/tasks/:id/events` [S117] [S118]: how one task stands, and its output as it comes. It ends with the state that is the
 * last; whoever comes again with its id is told that there is nothing more (204), as browsers want it.
 */
export function taskEventRoutes(deps: HttpDeps, look: TaskLook): Hono<Env> {
  return new Hono<Env>().get(
    '/:id/events',
    describe({
      tag: 'Tasks',
      summary: 'How a task fares and what it puts out, as it happens',
      more: 'It ends when the task has ended and all is told.',
      query: EventsQuery,
      headers: { 'last-event-id': 'The last id that was heard: it goes on behind that.' },
      answers: { 200: 'events', 204: 'nothing' },
      events: TaskEvent,
      errors: ['not-found', 'bad-request'],
    }),
    requireRole(deps, 'viewer'),
    async (c) => {
      const { follow, since } = readValue(c.req.query(), EventsQuery)
      const { id, state, attempt: current } = await look.findAny(c.req.param('id'))
      const heard = readEventId(c.req.header('last-event-id') ?? since, /^(\d{1,6})\.(\d{1,12})(\.end)?$/)
      const [attempt, q] = [Number(heard?.[0]), Number(heard?.[1])]
      if (heard?.[2] && isTerminal(state) && attempt === current) return c.body(null, 204)
      const place = attempt > 0 && attempt <= current ? { attempt, q } : undefined
      const events = eventsOf(deps, look, { id, place, follow, ended: endOf(deps, c) })
      const stream = deps.streams.count(c.var.caller.principal, events)
      return c.body(streamOf(stream, encodeEvents), 200, eventStreamHeaders)
    },
  )
}

type Wanted = { id: string; place: Place | undefined; follow: boolean; ended: AbortSignal }

async function* eventsOf(deps: HttpDeps, look: TaskLook, { id, place, follow, ended }: Wanted): AsyncGenerator<Sent[]> {
  const { tasks } = deps.requests
  const wakes = createWakes(deps.clock, ended)
  const stops = [tasks.subscribe(wakes.wake), deps.updates.onState(wakes.wake), wakes.close]
  const output = createOutputReader(deps, wakes.wake)
  let told: unknown
  try {
    while (!ended.aborted) {
      const task = tasks.get(id) ?? (await look.findAny(id))
      const isOver = isTerminal(task.state)
      if (task !== told && !isOver && (await look.isKept())) {
        yield [{ event: 'state', data: await look.view(task), id: idOf(place) }]
        told = task
      }
      if (task.attempt > 0) place ??= { attempt: task.attempt, q: 0 }
      if (place) {
        const { events, next } = await piece(output, task, place)
        if (events.length > 0) {
          place = next
          yield events
          continue
        }
        if (place.attempt < task.attempt) {
          place = { attempt: place.attempt + 1, q: 0 }
          continue
        }
      }
      // Something may have come while we looked.
      if ((tasks.get(id) ?? task) !== task) continue
      if (isOver && (await look.isKept())) {
        yield [{ event: 'state', data: await look.view(task), id: `${idOf(place)}.end` }]
        return
      }
      if (!follow) return
      if (!(await wakes.next())) yield []
    }
  } finally {
    output.close()
    for (const stop of stops) stop()
  }
}

const idOf = (place: Place | undefined) => `${place?.attempt ?? 0}.${place?.q ?? 0}`

/** What follows that place, as events, and the place behind them. */
async function piece(
  output: ReturnType<typeof createOutputReader>,
  task: Parameters<typeof output.take>[0],
  place: Place,
): Promise<{ events: Sent[]; next: Place }> {
  const { attempt } = place
  const events: Sent[] = []
  let next = place
  for (const chunk of await output.take(task, place)) {
    if (chunk.q !== next.q)
      events.push({
        event: 'gap',
        data: { attempt, from: next.q, to: chunk.q, reason },
        id: idOf({ attempt, q: chunk.q }),
      })
    next = { attempt, q: chunk.q + 1 }
    events.push({ event: 'output', data: { attempt, ...(JSON.parse(writeLogLine(chunk)) as object) }, id: idOf(next) })
  }
  return { events, next }
}
