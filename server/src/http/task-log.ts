import { StringDecoder } from 'node:string_decoder'
import { keepColour, plainText, type Task } from '@tandem/shared'
import { writeLogLine, type LogChunk } from '@tandem/shared/docs'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Env, HttpDeps } from './deps.ts'
import { describe } from './describe.ts'
import { searchLog, SearchAnswer, SearchQuery } from './log-search.ts'
import { readValue } from './problem.ts'
import { requireRole } from './who.ts'
import { streamOf } from './stream.ts'
import type { TaskLook } from './task-view.ts'
import { wholeLog, type Whole } from './whole-log.ts'

const Attempt = z.coerce
  .number()
  .int()
  .nonnegative()
  .optional()
  .describe('Which attempt; the last where none is named.')
const LogQuery = z.object({
  attempt: Attempt,
  format: z
    .enum(['text', 'ansi', 'json'])
    .default('text')
    .describe(
      'text: without colours; ansi: with them, and nothing else that acts on a terminal; json: a chunk a line.',
    ),
  from: z.coerce.number().int().nonnegative().default(0).describe('From the chunk of this number on.'),
  to: z.coerce.number().int().nonnegative().optional().describe('Up to, and without, the chunk of this number.'),
  download: z.stringbool().default(false),
})
type Format = z.infer<typeof LogQuery>['format']

const SearchRoute = z.object({ ...SearchQuery.shape, attempt: Attempt })

/** `…/tasks/:id/log`: what a task has put out, whole, in part, or the lines of it that one looks for. */
export function taskLogRoutes(deps: HttpDeps, { findAny }: Pick<TaskLook, 'findAny'>): Hono<Env> {
  const { streams, clock } = deps
  return new Hono<Env>()
    .get(
      '/:id/log',
      describe({
        tag: 'Tasks',
        summary: 'Read what a task has put out',
        more:
          'Of an attempt that is over all of it, or its first 2 and last 8 MB with a word between; of one that runs the last megabyte. ' +
          'The header tandem-log says which (sealed, live, tail, none), tandem-missing how many bytes are not there before it. ' +
          'The chunks that JSON shows are numbered (q); from and to name these numbers.',
        query: LogQuery,
        answers: { 200: 'text' },
        errors: ['not-found'],
      }),
      requireRole(deps, 'viewer'),
      async (c) => {
        const task = await findAny(c.req.param('id'))
        const { attempt = task.attempt, format, from, to = Infinity, download } = readValue(c.req.query(), LogQuery)
        const whole = await wholeLog(deps, task, attempt)
        headersOf(task, attempt, whole).forEach((value, name) => c.header(name, value))
        c.header('content-type', `${format === 'json' ? 'application/x-ndjson' : 'text/plain'}; charset=utf-8`)
        const disposition = download ? 'attachment' : 'inline'
        c.header('content-disposition', `${disposition}; filename="${nameFor(task, attempt, format)}"`)
        const pieces = streams.count(c.var.caller.principal, written(whole.chunks, { format, from, to }))
        return c.body(streamOf(pieces, (text) => new TextEncoder().encode(text)))
      },
    )
    .get(
      '/:id/log/search',
      describe({
        tag: 'Tasks',
        summary: 'Find lines in what a task has put out',
        more: 'Without colours. Of a very long line, or of more output than is looked through at once, `isComplete` is false.',
        query: SearchRoute,
        answers: { 200: SearchAnswer },
        errors: ['not-found'],
      }),
      requireRole(deps, 'viewer'),
      async (c) => {
        const task = await findAny(c.req.param('id'))
        const { attempt = task.attempt, ...query } = readValue(c.req.query(), SearchRoute)
        const whole = await wholeLog(deps, task, attempt)
        headersOf(task, attempt, whole).forEach((value, name) => c.header(name, value))
        return c.json(await searchLog(whole.chunks, query, clock))
      },
    )
}

/** No browser takes it for a page of ours, whatever is in it. */
const headersOf = (task: Task, attempt: number, { from, missing }: Whole): Headers =>
  new Headers({
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'tandem-attempt': String(attempt),
    'tandem-log': from,
    'tandem-missing': String(missing),
    ...(isCut(task, attempt) ? { 'tandem-truncated': 'true' } : {}),
  })

const isCut = ({ attempts }: Task, attempt: number) =>
  attempts.find(({ n }) => n === attempt)?.output?.truncated === true

const nameFor = ({ title }: Task, attempt: number, format: Format) =>
  `${
    title
      .replaceAll(/[^\w.-]+/g, '-')
      .replace(/^[-.]+/, '')
      .slice(0, 60) || 'task'
  }.${attempt}.${format === 'json' ? 'ndjson' : 'log'}`

async function* written(
  chunks: AsyncGenerator<LogChunk>,
  { format, from, to }: { format: Format; from: number; to: number },
): AsyncGenerator<string> {
  const decoders = new Map<number, StringDecoder>()
  const clean = format === 'ansi' ? keepColour : plainText
  for await (const chunk of chunks) {
    if (chunk.q < from) continue
    if (chunk.q >= to) return
    if (format === 'json') {
      yield writeLogLine(chunk)
      continue
    }
    // Bytes that are no whole character wait for their rest; chunks end inside no sequence.
    const decoder = decoders.get(chunk.s) ?? new StringDecoder('utf8')
    decoders.set(chunk.s, decoder)
    yield clean(decoder.write(Buffer.from(chunk.d)))
  }
  for (const decoder of decoders.values()) yield clean(decoder.end())
}
