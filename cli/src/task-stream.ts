import {
  backoffMs,
  isTandemError,
  isTerminal,
  systemClock,
  TandemError,
  TaskResult,
  TaskState,
  wait,
} from '@tandem/shared'
import { readLogSegment, type LogChunk } from '@tandem/shared/docs'
import { z } from 'zod'
import { mayPass, type TaskServer } from './task-server.ts'

/** What of a task these commands look at. */
export const TaskNow = z.object({
  id: z.string(),
  title: z.string(),
  state: TaskState,
  attempt: z.int(),
  reason: z.string().optional(),
  approvalId: z.string().optional(),
  waiting: z.object({ reason: z.string(), ahead: z.int().optional() }).optional(),
  result: TaskResult.optional(),
  createdAt: z.iso.datetime(),
})
export type TaskNow = z.infer<typeof TaskNow>

export type TaskEvent =
  | { event: 'state'; task: TaskNow; raw: unknown }
  | { event: 'output'; chunk: LogChunk }
  | { event: 'gap'; from: number; to: number }
  /** The link is gone, and asked for again; told once for each time. */
  | { event: 'away'; reason: string }

const Gap = z.object({ from: z.int(), to: z.int() })

/** Ends what a wait would not: without a word for so long the server is taken for dead. */
const silentMs = 45_000

/**
 * All that happens to a task, each piece of output once, until it has ended; over links that break and servers that
 * start again. Without `follow` it ends with what there is by now. Throws what will not pass, such as `not-found`.
 */
export async function* taskEvents(
  server: TaskServer,
  id: string,
  { follow = true, signal }: { follow?: boolean; signal?: AbortSignal } = {},
): AsyncGenerator<TaskEvent, undefined> {
  let lastId: string | undefined
  for (let failures = 0; ;) {
    try {
      const headers = { accept: 'text/event-stream', ...(lastId !== undefined && { 'last-event-id': lastId }) }
      const answer = await server.call(`/${encodeURIComponent(id)}/events?follow=${follow}`, {
        headers,
        ...(signal && { signal }),
      })
      if (answer.status === 204) return
      for await (const { name, data, eventId } of sentEvents(answer)) {
        failures = 0
        lastId = eventId ?? lastId
        const event = eventOf(name, data)
        if (!event) continue
        yield event
        if (event.event === 'state' && isTerminal(event.task.state)) return
      }
      if (!follow) return
      throw new TandemError('offline', { reason: 'the server has ended the stream' })
    } catch (e) {
      signal?.throwIfAborted()
      // A stream that breaks off rejects with an error of the network's.
      if (isTandemError(e) && !mayPass(e)) throw e
      if (failures === 0) yield { event: 'away', reason: isTandemError(e) ? e.message : 'the link to the server broke' }
      await wait(systemClock, backoffMs(++failures, { baseMs: 200, maxMs: 5_000, fastAttempts: Infinity }), signal)
    }
  }
}

function eventOf(name: string, data: unknown): TaskEvent | undefined {
  if (name === 'state') return { event: 'state', task: TaskNow.parse(data), raw: data }
  if (name === 'gap') return { event: 'gap', ...Gap.parse(data) }
  // A line of a log's segment, with the attempt beside it.
  const [chunk] = name === 'output' ? readLogSegment(new TextEncoder().encode(JSON.stringify(data))) : []
  return chunk && { event: 'output', chunk }
}

type Sent = { name: string; data: unknown; eventId: string | undefined }

/** The events of one answer; a newer server's may be of kinds that nobody here knows. */
async function* sentEvents({ body }: Response): AsyncGenerator<Sent> {
  if (!body) return
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (;;) {
      const { value, done } = await heard(reader.read())
      if (done) return
      text += decoder.decode(value, { stream: true })
      const parts = text.split('\n\n')
      text = parts.pop() ?? ''
      for (const part of parts) {
        const fields = new Map(part.split('\n').map((line) => line.split(/: ?(.*)/s) as [string, string]))
        const data = fields.get('data')
        if (data !== undefined)
          yield { name: fields.get('event') ?? '', data: JSON.parse(data), eventId: fields.get('id') }
      }
    }
  } finally {
    await reader.cancel().catch(() => {}) // It is broken already.
  }
}

/** The answer, or `offline` after a silence in which even an idle server says that it lives. */
async function heard<T>(read: Promise<T>): Promise<T> {
  const over = new AbortController()
  const silence = wait(systemClock, silentMs, over.signal).then(() => {
    throw new TandemError('offline', { reason: 'the server has fallen silent' })
  })
  silence.catch(() => {})
  try {
    return await Promise.race([read, silence])
  } finally {
    over.abort()
  }
}
