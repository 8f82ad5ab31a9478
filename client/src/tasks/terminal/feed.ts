import { plainText } from '@tandem/shared'
import { note, type LogChunk, type View } from '@tandem/shared/docs'
import { sizeWords } from '../../ui/size-words.ts'

/** Where output is written: `done` is called once it has been read there. */
type Sink = (data: Uint8Array | string, done: () => void) => void

/** More that the screen has not read yet is not given to it; where the live window moves on meanwhile, the gap is said. */
const maxUnread = 4 * 2 ** 20

/**
 * Writes the chunks of an attempt's output to a screen, as they are and in order, each once. What is not here is said in
 * a neutral word in its place.
 */
export function createFeed(write: Sink) {
  let next = 0
  let bytes = 0
  let unread = 0
  /** Writes of what was there before that the screen has not read yet. */
  let old = 0
  let isOld = false
  let goOn: (() => void) | undefined

  const put = (data: Uint8Array | string) => {
    const wasThere = isOld
    unread += data.length
    if (wasThere) old++
    write(data, () => {
      unread -= data.length
      if (wasThere) old--
      if (unread <= maxUnread / 2) goOn?.()
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
    /**
     * Takes what is new of these, as far as the screen can read it: where there is more, what is returned settles once it
     * is to be given again. `wasThere`: it was written before we looked, rather than now.
     */
    take: (chunks: readonly LogChunk[], wasThere: boolean): Promise<void> | undefined => {
      isOld = wasThere
      for (const chunk of chunks) {
        if (chunk.q < next) continue
        if (unread > maxUnread) return new Promise((resolve) => (goOn = resolve))
        takeOne(chunk)
      }
      return undefined
    },
    /** Whether all that the screen still has to read is being written now: what it answers then, somebody waits for. */
    isLive: () => old === 0,
  }
}

/** In a line of its own, whatever colours were on. */
const words = (text: string) => `\u001b[0m\r\n\u001b[2m… ${text.replaceAll(/^…\s*|\s*…$/g, '')} …\u001b[0m\r\n`

/**
 * Feeds a screen from the live window, also while the page is hidden; the returned function ends it. What comes while the
 * document `isInStep` is being written now; what was there before, or is caught up with, is not.
 */
export function followChunks(
  chunks: View<readonly LogChunk[]>,
  feed: ReturnType<typeof createFeed>,
  isInStep: () => boolean,
): () => void {
  let isWaiting = false
  let isOver = false
  let wasThere = true
  const read = () => {
    isWaiting = false
    if (isOver) return
    const full = feed.take(chunks.snapshot(), wasThere)
    if (full) void full.then(later)
    else wasThere = false
  }
  const later = () => {
    if (isWaiting) return
    isWaiting = true
    setTimeout(read)
  }
  const stop = chunks.subscribe(() => {
    // Asked as it comes: a document that has caught up says so right after.
    if (!isInStep()) wasThere = true
    later()
  })
  read()
  return () => {
    isOver = true
    stop()
  }
}
