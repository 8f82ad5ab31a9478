import { backoffMs, feedFrames, messageOf, wait, type Clock, type FeedFrame, type Log } from '@tandem/shared'

/** Opens the feed after a cursor (`<generation>.<seq>`; undefined: from the start) and answers its bytes. */
type OpenFeed = (since: string | undefined, signal: AbortSignal) => Promise<Response>
export type FeedEvent = { cursor: string; seq: number; doc?: string }

type FeedOptions = { open: OpenFeed; clock: Clock; log: Log; deadMs: number }

/** Which documents moved after `since`, then live; comes back by itself after every loss, until the signal. */
export async function* followFeed(
  { open, clock, log, deadMs }: FeedOptions,
  since: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<FeedEvent> {
  let cursor = since
  for (let attempt = 0; !signal.aborted; attempt++) {
    const silence = new AbortController()
    let cancel = () => {}
    const heard = () => {
      cancel()
      cancel = clock.after(deadMs, () => silence.abort(new Error('the feed is silent')))
    }
    try {
      await wait(clock, backoffMs(attempt, { baseMs: 200, maxMs: 5_000, fastAttempts: Infinity }), signal)
      heard()
      const response = await open(cursor, AbortSignal.any([signal, silence.signal]))
      let generation = 0
      for await (const frame of framesOf(response)) {
        heard()
        attempt = 0
        if (frame.t === 'ping') continue
        if (frame.t === 'at') generation = frame.generation
        cursor = `${generation}.${frame.seq}`
        const { seq } = frame
        yield frame.t === 'moved' ? { cursor, seq, doc: frame.doc } : { cursor, seq }
      }
    } catch (e) {
      if (!signal.aborted) log.debug('feed lost', { reason: messageOf(e), attempt })
    } finally {
      cancel()
    }
  }
}

/** What moved after `since` up to now: the past ends with the feed's second `at`. */
export async function readFeed(open: OpenFeed, since: string | undefined, signal: AbortSignal): Promise<FeedEvent[]> {
  const enough = new AbortController()
  const response = await open(since, AbortSignal.any([signal, enough.signal]))
  const out: FeedEvent[] = []
  let [generation, ats] = [0, 0]
  for await (const frame of framesOf(response)) {
    if (frame.t === 'at') {
      generation = frame.generation
      out.push({ cursor: `${generation}.${frame.seq}`, seq: frame.seq })
      if (++ats === 2) break
    } else if (frame.t === 'moved') out.push({ cursor: `${generation}.${frame.seq}`, seq: frame.seq, doc: frame.doc })
  }
  enough.abort()
  return out
}

const framesOf = (response: Response): AsyncGenerator<FeedFrame> => {
  if (!response.body) throw new Error('the feed has no body')
  return feedFrames(response.body)
}
