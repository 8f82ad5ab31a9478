import { docPath, isTandemError, type DocRef, type Task } from '@tandem/shared'
import { note, openTaskLog, readLogSegment, type LogChunk } from '@tandem/shared/docs'
import type { BlobStore } from '../store/blobs.ts'
import type { HttpDeps } from './deps.ts'

/** Where the output that can be had of an attempt comes from, and how much of it is not there. */
export type Whole = {
  /** `sealed`: all of it, or its beginning and its end; `live`: the window of what runs; `tail`: its last words; `none`. */
  from: 'sealed' | 'live' | 'tail' | 'none'
  /** Bytes before the first that can be had now: they come once the attempt is over, if at all. */
  missing: number
  chunks: AsyncGenerator<LogChunk, undefined>
}

/** Where the whole output of an attempt lies, if it was sealed. */
export const segmentsOf = ({ attempts }: Task, attempt: number) =>
  attempts.find(({ n }) => n === attempt)?.output?.segments

/** The chunks of a sealed output, a segment in memory at a time. One that is not here is left out: the numbers tell. */
export async function* chunksIn(
  outputs: Pick<BlobStore, 'read'>,
  segments: NonNullable<ReturnType<typeof segmentsOf>>,
): AsyncGenerator<LogChunk, undefined> {
  for (const { blob, size } of segments) {
    const pieces: Uint8Array[] = []
    try {
      for await (const piece of outputs.read(blob, 0, size)) pieces.push(piece)
    } catch (e) {
      if (!isTandemError(e, 'not-found')) throw e
      continue
    }
    yield* readLogSegment(Buffer.concat(pieces))
  }
  return undefined
}

/** What can be had of an attempt's output just now. */
export async function wholeLog(
  { documents, updates, outputs }: Pick<HttpDeps, 'documents' | 'updates' | 'outputs'>,
  task: Task,
  attempt: number,
): Promise<Whole> {
  const segments = segmentsOf(task, attempt)
  if (segments) return { from: 'sealed', missing: 0, chunks: chunksIn(outputs, segments) }
  const ref: DocRef = { kind: 'log', taskId: task.id, attempt }
  const live =
    attempt > 0 && updates.stat(docPath(ref)) ? await documents.peek(ref, (doc) => openTaskLog(doc).snapshot()) : []
  const first = live?.find(({ s }) => s !== note)
  if (live && first) return { from: 'live', missing: first.o, chunks: given(live) }
  const output = attempt === task.attempt ? task.result?.output : undefined
  if (!output) return { from: 'none', missing: 0, chunks: given([]) }
  const d = new Uint8Array(Buffer.from(output.tail))
  const missing = Math.max(0, output.bytes - d.length)
  return { from: 'tail', missing, chunks: given([{ q: 0, o: missing, t: 0, s: 1, d }]) }
}

async function* given(chunks: readonly LogChunk[]): AsyncGenerator<LogChunk, undefined> {
  yield* chunks
  return undefined
}
