import { docPath, isHeld, type DocRef, type Task } from '@tandem/shared'
import { openTaskLog, type LogChunk, type TaskLog } from '@tandem/shared/docs'
import type { HttpDeps } from './deps.ts'
import { chunksIn, segmentsOf } from './whole-log.ts'

/** Where somebody is in the output of a task: the next chunk they want, and of which attempt. */
export type Place = { attempt: number; q: number }

export type OutputReader = {
  /** Some of what there is from that place on, empty where there is no more by now. Numbers left out are not to be had any more. */
  take(task: Task, place: Place): Promise<readonly LogChunk[]>
  close(): void
}

/** About so many bytes at once: a reader gets the next when it has taken these. */
const pieceBytes = 64 * 1024

/**
 * Reads the output of a task's attempts as it stands: from the live window while there is one, and from the sealed
 * segments afterwards, or where the window has moved on. Nothing is kept for a reader that is slow: what it wants is
 * looked up when it asks. `wake` is called when the live window changes.
 */
export function createOutputReader({ documents, outputs, updates }: HttpDeps, wake: () => void): OutputReader {
  let live: { attempt: number; log: TaskLog; close(): void } | undefined
  let sealed: { attempt: number; q: number; chunks: AsyncGenerator<LogChunk> } | undefined

  const close = () => {
    live?.close()
    live = undefined
    void sealed?.chunks.return(undefined)
    sealed = undefined
  }
  /** Kept open while it is read: other reads would miss what comes. */
  const liveOf = async (task: Task, attempt: number): Promise<TaskLog | undefined> => {
    if (live?.attempt === attempt) return live.log
    const ref: DocRef = { kind: 'log', taskId: task.id, attempt }
    const isUnderWay = attempt === task.attempt && isHeld(task.state)
    if (!isUnderWay && !updates.stat(docPath(ref))) return undefined
    live?.close()
    const { doc, release } = await documents.hold(ref)
    const log = openTaskLog(doc)
    const stop = log.subscribe(wake)
    live = { attempt, log, close: () => (stop(), release()) }
    return log
  }
  const fromSegments = async (task: Task, { attempt, q }: Place): Promise<readonly LogChunk[]> => {
    const segments = segmentsOf(task, attempt) ?? []
    if (segments.length === 0) return []
    if (sealed?.attempt !== attempt || sealed.q > q) sealed = { attempt, q: 0, chunks: chunksIn(outputs, segments) }
    const chunks: LogChunk[] = []
    for (let bytes = 0; bytes < pieceBytes;) {
      const chunk = (await sealed.chunks.next()).value
      if (!chunk) break
      sealed.q = chunk.q + 1
      if (chunk.q < q) continue
      chunks.push(chunk)
      bytes += chunk.d.length
    }
    return chunks
  }
  return {
    take: async (task, place) => {
      const inWindow = (await liveOf(task, place.attempt))?.snapshot() ?? []
      const from = inWindow.findIndex(({ q }) => q >= place.q)
      const first = inWindow[from]
      if (first?.q === place.q) return upTo(pieceBytes, inWindow, from)
      const before = await fromSegments(task, place)
      return before.length > 0 || !first ? before : upTo(pieceBytes, inWindow, from)
    },
    close,
  }
}

function upTo(bytes: number, chunks: readonly LogChunk[], from: number): readonly LogChunk[] {
  let to = from
  for (let sum = 0; to < chunks.length && sum < bytes; to++) sum += chunks[to]?.d.length ?? 0
  return chunks.slice(from, to)
}
