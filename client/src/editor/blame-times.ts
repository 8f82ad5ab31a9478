import type { BlameRun } from '@tandem/shared'
import type { Part, Run } from './blame-lines.ts'

/** Writing within this time is one moment: what is shown is to the minute. */
const sameMomentMs = 20_000

/** From `from` up to and without `to`, of one client's characters. */
type Span = { from: number; to: number; at: number }

/** When each character was written, as far as it is known: by client id and clock, which never change. */
export function createWriteTimes() {
  /** In order of their clocks. */
  const spansByClient = new Map<number, Span[]>()
  /** The place of the last span that begins at or before `clock`; -1 where there is none. */
  const indexOf = (spans: readonly Span[], clock: number) => {
    let [low, high] = [0, spans.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((spans[middle] as Span).from <= clock) low = middle + 1
      else high = middle
    }
    return low - 1
  }
  const spanOf = (client: number, clock: number): Span | undefined => {
    const spans = spansByClient.get(client) ?? []
    const span = spans[indexOf(spans, clock)]
    return span && clock < span.to ? span : undefined
  }
  const learn = ({ client, clock, length }: Part, at: number) => {
    const spans = spansByClient.get(client) ?? []
    spansByClient.set(client, spans)
    const index = indexOf(spans, clock)
    const before = spans[index]
    // What is known stays: the first word on a character is the nearest to its writing.
    if (before && clock < before.to) {
      const known = before.to - clock
      if (known < length) learn({ client, clock: before.to, length: length - known }, at)
      return
    }
    if (before && before.to === clock && Math.abs(at - before.at) < sameMomentMs) before.to = clock + length
    else spans.splice(index + 1, 0, { from: clock, to: clock + length, at })
  }
  return {
    learn,
    /** The latest of these; undefined where none is known. */
    latest: (parts: readonly Part[]): number | undefined => {
      const times = parts.flatMap(({ client, clock, length }) => spanOf(client, clock + length - 1)?.at ?? [])
      return times.length === 0 ? undefined : Math.max(...times)
    },
    /** Learns from the server's word on the same text; nothing where the two are not of one length. */
    learnFrom: (runs: readonly Run[], blame: readonly BlameRun[]) => {
      const length = runs.reduce((sum, { text }) => sum + text.length, 0)
      if (length !== blame.reduce((sum, run) => sum + run.length, 0)) return
      let next = 0
      let left = blame[0]?.length ?? 0
      for (const { client, clock, text } of runs) {
        for (let at = 0; at < text.length;) {
          const run = blame[next]
          if (!run) return
          const step = Math.min(left, text.length - at)
          if (run.at !== undefined) learn({ client, clock: clock + at, length: step }, run.at)
          at += step
          left -= step
          if (left === 0) left = blame[++next]?.length ?? 0
        }
      }
    },
  }
}

export type WriteTimes = ReturnType<typeof createWriteTimes>
