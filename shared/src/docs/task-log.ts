import type * as Y from 'yjs'
import { z } from 'zod'
import { openTaskTerminal, type TaskTerminal } from './task-terminal.ts'
import { cachedView, type View } from './view.ts'

/** Streams of a chunk. */
export const stdout = 1
export const stderr = 2
/** Words of ours, such as the marker where output was left out. */
export const note = 3

/**
 * A piece of a task's output: `q` its number without gaps, `o` the byte offset in the whole output, `t` ms since the
 * attempt's start, `s` the stream, `d` at most 16 KB cut neither inside a character nor inside an escape sequence.
 */
export const LogChunk = z.object({
  q: z.int().nonnegative(),
  o: z.number().nonnegative(),
  t: z.number(),
  s: z.union([z.literal(stdout), z.literal(stderr), z.literal(note)]),
  d: z.instanceof(Uint8Array),
})
export type LogChunk = z.infer<typeof LogChunk>

export const maxChunkBytes = 16 * 1024
/** The rolling window, after the measurements of research on logs: beyond either, the head is trimmed to three quarters. */
export const windowBytes = 2 ** 20
export const windowChunks = 512

export type TaskLog = View<readonly LogChunk[]> & {
  /** Appends and keeps the window, in one transaction. */
  append(chunks: readonly LogChunk[]): void
  /** Who drives, where the attempt is at a terminal. */
  terminal: TaskTerminal
}

/** The live window of one attempt's output. */
export function openTaskLog(doc: Y.Doc): TaskLog {
  const array = doc.getArray<unknown>('chunks')
  // Of one chunk Yjs always gives the same object: each is parsed once, however often the window moves.
  const parsed = new WeakMap<object, { chunk: LogChunk | undefined }>()
  const read = (raw: unknown): LogChunk | undefined => {
    if (typeof raw !== 'object' || raw === null) return undefined
    const known = parsed.get(raw) ?? { chunk: LogChunk.safeParse(raw).data }
    parsed.set(raw, known)
    return known.chunk
  }
  return {
    terminal: openTaskTerminal(doc),
    // A peer may be hostile: what does not parse is not shown.
    ...cachedView<readonly LogChunk[]>(
      () => array.toArray().flatMap((raw) => read(raw) ?? []),
      (changed) => array.observe(changed),
    ),
    append: (chunks) =>
      doc.transact(() => {
        array.push([...chunks])
        const sizes = array.toArray().map((raw) => read(raw)?.d.length ?? 0)
        let total = sizes.reduce((a, b) => a + b, 0)
        if (total <= windowBytes && sizes.length <= windowChunks) return
        let drop = 0
        while (drop < sizes.length - 1 && (total > windowBytes * 0.75 || sizes.length - drop > windowChunks * 0.75)) {
          total -= sizes[drop++] ?? 0
        }
        array.delete(0, drop)
      }),
  }
}
