import { plainText } from '@tandem/shared'
import { note, type LogChunk, type View } from '@tandem/shared/docs'
import { sizeWords } from '../../ui/size-words.ts'

/** Where output is written: `done` is called once it has been read there. */
export type Sink = (data: Uint8Array | string, done: () => void) => void

type FeedOptions = {
  write: Sink
  /** Whether what comes now is being written now; else it was before we looked. */
  isLive?: () => boolean
}

/** More that the screen has not read yet is not given to it: the live window moves on, and the gap is said. */
const maxUnread = 4 * 2 ** 20

/**
 * Writes the chunks of an attempt's output to a screen, as they are and in order, each once. What is not here is said in
 * a neutral word in its place.
 */
export function createFeed({ write, isLive = () => true }: FeedOptions) {
  let next = 0
  let bytes = 0
  let unread = 0
  /** Writes that were not live and that the screen has not read yet. */
  let old = 0

  const put = (data: Uint8Array | string) => {
    const wasLive = isLive()
    unread += data.length
    if (!wasLive) old++
    write(data, () => {
      unread -= data.length
      if (!wasLive) old--
    })
  }
  const takeOne = ({ q, o, s, d }: LogChunk) => {
    if (q > next) put(words(o > bytes ? `${sizeWords(o - bytes)} of output are not here` : 'some output is not here'))
    next = q + 1
    if (s === note) return put(words(plainText(new TextDecoder().decode(d)).trim()))
    bytes = Math.max(bytes, o + d.length)
    put(d)
  }
  return {
    /** Takes what is new of these; false where the screen has to read first. */
    take: (chunks: readonly LogChunk[]): boolean => {
      for (const chunk of chunks) {
        if (chunk.q < next) continue
        if (unread > maxUnread) return false
        takeOne(chunk)
      }
      return true
    },
    /** Whether all that the screen still has to read is being written now: what it answers then, somebody waits for. */
    isLive: () => old === 0,
  }
}

/** In a line of its own, whatever colours were on. */
const words = (text: string) => `\u001b[0m\r\n\u001b[2m… ${text.replaceAll(/^…\s*|\s*…$/g, '')} …\u001b[0m\r\n`

/** Feeds a screen from the live window, also while the page is hidden; the returned function ends it. */
export function followChunks(chunks: View<readonly LogChunk[]>, feed: ReturnType<typeof createFeed>): () => void {
  let isWaiting = false
  let isOver = false
  const read = () => {
    isWaiting = false
    if (!isOver && !feed.take(chunks.snapshot())) wake()
  }
  const wake = () => {
    if (isWaiting) return
    isWaiting = true
    setTimeout(read)
  }
  const stop = chunks.subscribe(wake)
  read()
  return () => {
    isOver = true
    stop()
  }
}
