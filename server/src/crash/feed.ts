import { feedFrames } from '@tandem/shared'
import type { Api } from './api.ts'

/** What the feed tells of the past from `since` on: where each document stands, and up to which version that is. */
export async function readFeed(api: Api, since: string): Promise<{ head: number; seqByDoc: Map<string, number> }> {
  const stop = new AbortController()
  const { body } = await api.must(`/feed?since=${since}`, { signal: stop.signal })
  const seqByDoc = new Map<string, number>()
  let isTold = false
  try {
    for await (const frame of feedFrames(body ?? ReadableStream.from([]))) {
      if (frame.t === 'moved') seqByDoc.set(frame.doc, frame.seq)
      if (frame.t !== 'at') continue
      if (isTold) return { head: frame.seq, seqByDoc }
      isTold = true
    }
    throw new Error('the feed ended before all of the past was told')
  } finally {
    stop.abort()
  }
}

/** Compares what a remembered cursor is told with what a newcomer is told. Returns what is missing. */
export async function checkFeed(api: Api, cursor: { generation: number; seq: number }): Promise<string[]> {
  const since = await readFeed(api, `${cursor.generation}.${cursor.seq}`)
  const whole = await readFeed(api, '')
  return [...whole.seqByDoc]
    .filter(([doc, seq]) => seq > cursor.seq && seq <= since.head && since.seqByDoc.get(doc) !== seq)
    .map(([doc, seq]) => `the feed from ${cursor.seq} does not tell of ${doc} at ${seq}`)
}
