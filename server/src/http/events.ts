import { wait } from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import { readCursor, type Cursor } from './cursor.ts'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { createFileEvents, FileEvent, type FileEvents, type Touched } from './file-events.ts'
import { aliveMs, encodeEvents, eventStreamHeaders } from './sse.ts'
import { WorkspaceState } from './status.ts'
import { streamOf } from './stream.ts'
import { endOf, requireRole } from './who.ts'

/** A burst of changes is told as one. */
const gatherMs = 100

const EventsQuery = z.object({
  since: z.string().max(40).optional().describe('Like the header Last-Event-ID, for the first time.'),
})
/** The shapes of `data`, by the name of the event. */
const ServerEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('file'), data: FileEvent }),
  z.object({ event: z.literal('workspace'), data: WorkspaceState }),
  z.object({ event: z.literal('reset'), data: z.object({ reason: z.string() }) }),
])
type ServerEvent = z.infer<typeof ServerEvent> & { id?: string }

/**
 * `GET …/events`: what happens to files, and how the workspace stands, as server-sent events. Each batch ends with its
 * id, `<generation>.<seq>`; who comes again with it misses nothing, and hears `reset` where that cannot be said.
 */
export function eventsRoute(deps: HttpDeps, state: () => Promise<WorkspaceState>): Hono<Env> {
  const files = createFileEvents(deps)
  return new Hono<Env>().get(
    '/',
    describe({
      tag: 'Workspaces',
      summary: 'What happens, as it happens',
      more: '`file` tells what was created, edited, moved or deleted, `workspace` how it stands, and `reset` that the files have to be listed anew.',
      query: EventsQuery,
      headers: { 'last-event-id': 'The last id that was heard: it goes on behind that.' },
      answers: { 200: 'events' },
      events: ServerEvent,
      errors: ['bad-request'],
    }),
    requireRole(deps, 'viewer'),
    (c) => {
      const since = readCursor(c.req.header('last-event-id') ?? c.req.query('since'))
      const events = eventsFor(deps, { files, state, since, ended: endOf(deps, c) })
      const stream = deps.streams.count(c.var.caller.principal, events)
      return c.body(streamOf(stream, encodeEvents), 200, eventStreamHeaders)
    },
  )
}

type Wanted = {
  files: FileEvents
  state: () => Promise<WorkspaceState>
  since: Cursor | undefined
  ended: AbortSignal
}

async function* eventsFor(
  { workspace, updates, documents, clock }: HttpDeps,
  { files, state, since, ended }: Wanted,
): AsyncGenerator<ServerEvent[]> {
  const idOf = (seq: number) => `${workspace.generation}.${seq}`
  let touched: Touched = new Map()
  let wake = () => {}
  let isWoken = false
  const note = () => {
    isWoken = true
    wake()
  }
  // Listening starts before the past is read, so that nothing falls between.
  const stops = [
    await files.watch(() => touched, note),
    documents.onAppend(({ doc }) => {
      if (doc.kind === 'ops' || doc.kind === 'daemon') note()
    }),
    updates.onState(note),
  ]
  ended.addEventListener('abort', note)
  let shown = ''
  /** How the workspace stands, where that is another than was told; its version alone is no news. */
  const news = async (): Promise<ServerEvent[]> => {
    const data = await state()
    const { version: _, ...rest } = data
    if (JSON.stringify(rest) === shown) return []
    shown = JSON.stringify(rest)
    return [{ event: 'workspace', data }]
  }
  const batch = async (seq: number, of: Touched): Promise<ServerEvent[]> => {
    const told = await files.told(of)
    const events = [...told.map((data) => ({ event: 'file' as const, data })), ...(await news())]
    return events.map((event, i) => (i === events.length - 1 ? { ...event, id: idOf(seq) } : event))
  }
  try {
    const head = updates.head()
    const isKnown = since?.generation === workspace.generation && since.seq <= head
    const past = isKnown ? await files.since(since.seq, head) : new Map()
    if (since && !isKnown) yield [{ event: 'reset', data: { reason: 'list the files anew' }, id: idOf(head) }]
    yield await batch(head, past)
    while (!ended.aborted) {
      if (!isWoken) await nextWake()
      if (ended.aborted) return
      if (!isWoken) {
        yield []
        continue
      }
      await wait(clock, gatherMs, ended).catch(() => {}) // Ended: seen above.
      isWoken = false
      const seq = updates.head()
      // While the disk does not take them, changes may still be lost: they wait here.
      const now: Touched = updates.failure() ? new Map() : touched
      if (now === touched) touched = new Map()
      const events = await batch(seq, now)
      if (events.length > 0) yield events
    }
  } finally {
    for (const stop of stops) stop()
    ended.removeEventListener('abort', note)
  }

  async function nextWake(): Promise<void> {
    const cancel = clock.after(aliveMs, () => wake())
    await new Promise<void>((resolve) => (wake = resolve))
    cancel()
  }
}
