import { mkdir, open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '@tandem/shared'
import { maxSegmentBytes, writeLogLine, type LogChunk } from '@tandem/shared/docs'
import { megabyte } from './marker.ts'

/** What is kept of an output [S137], bytes: the whole of it, or its beginning and its end. */
export const kept: Kept = { head: 2 * megabyte, tail: 8 * megabyte }
export type Kept = { head: number; tail: number }

/** The output of one attempt, as it comes, on our disk. */
export type Spool = {
  write(chunks: readonly LogChunk[]): void
  /** Pending while more waits for the disk than should be held in memory; undefined where there is room. */
  room(): Promise<void> | undefined
  /** Settles once all of it is in its files; false where the disk failed: then nothing is left of it. */
  close(): Promise<boolean>
}

type Entry = { line: string; bytes: number; weight: number }
type Segment = { file: string; isHead: boolean; bytes: number; weight: number }

const maxWaitingBytes = megabyte
/** A marker is put in when it is sealed. */
const fileBytes = maxSegmentBytes - 1_024

/**
 * Opens the spool of an attempt in `folder`, which is made, and is its alone. Its files are segments, `head-000000`,
 * `tail-000003` and so on: those of the beginning stay, of the others only the last with enough in them.
 */
export async function openSpool(folder: string, log: Log, { head, tail } = kept): Promise<Spool> {
  const segments: Segment[] = []
  let count = 0
  let file: FileHandle | undefined
  let waiting: Entry[] = []
  let waitingBytes = 0
  let writing: Promise<void> | undefined
  let hasFailed = false

  const failed = (error: unknown) => {
    // The command goes on, and its live window: only the whole of it is lost, and that is said.
    hasFailed = true
    waiting = []
    waitingBytes = 0
    log.warn('task output cannot be kept whole', { error })
  }
  const weightOf = (isHead: boolean) =>
    segments.reduce((sum, each) => sum + (each.isHead === isHead ? each.weight : 0), 0)
  const takes = (last: Segment, { bytes, weight }: Entry): boolean =>
    last.bytes + bytes <= fileBytes && (!last.isHead || weightOf(true) + weight <= head)

  const segmentFor = async (entry: Entry): Promise<Segment> => {
    const last = segments.at(-1)
    if (last && takes(last, entry)) return last
    const isHead = (last?.isHead ?? true) && weightOf(true) + entry.weight <= head
    const name = `${isHead ? 'head' : 'tail'}-${String(count++).padStart(6, '0')}`
    const next = { file: join(folder, name), isHead, bytes: 0, weight: 0 }
    await file?.close()
    file = await open(next.file, 'wx', 0o600)
    segments.push(next)
    for (;;) {
      const oldest = segments.find((each) => !each.isHead)
      if (!oldest || weightOf(false) - oldest.weight < tail) return next
      segments.splice(segments.indexOf(oldest), 1)
      await rm(oldest.file)
    }
  }
  const writeOut = async (entries: readonly Entry[]) => {
    for (let at = 0; at < entries.length;) {
      const segment = await segmentFor(entries[at]!)
      let text = ''
      for (let next = entries[at]; next && takes(segment, next); next = entries[++at]) {
        text += next.line
        segment.bytes += next.bytes
        segment.weight += next.weight
      }
      await file?.appendFile(text)
    }
  }
  const drain = async () => {
    try {
      while (waiting.length > 0) {
        const entries = waiting
        waiting = []
        await writeOut(entries)
        waitingBytes -= entries.reduce((sum, { bytes }) => sum + bytes, 0)
      }
    } catch (error) {
      failed(error)
    } finally {
      writing = undefined
    }
  }

  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(failed)
  return {
    write: (chunks) => {
      if (hasFailed) return
      for (const chunk of chunks) {
        const line = writeLogLine(chunk)
        const bytes = Buffer.byteLength(line)
        // Of many tiny chunks most is what names them: that takes room too.
        waiting.push({ line, bytes, weight: Math.max(chunk.d.length, bytes / 4) })
        waitingBytes += bytes
      }
      writing ??= drain()
    },
    room: () => (waitingBytes > maxWaitingBytes ? writing : undefined),
    close: async () => {
      await writing
      await file?.close().catch(() => {}) // What was written is what counts.
      if (hasFailed) await rm(folder, { recursive: true, force: true }).catch(() => {}) // What is left of it stays.
      return !hasFailed
    },
  }
}
