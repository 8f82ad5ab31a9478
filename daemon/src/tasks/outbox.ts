import type { FromDaemon } from '@tandem/shared'

type Numbered = Extract<FromDaemon, { n: number }>
type Unnumbered = Numbered extends infer M ? (M extends Numbered ? Omit<M, 'n'> : never) : never

/** What we said and nobody has answered yet. A message may be lost with its connection, so all of it is repeated. */
export type Outbox = {
  /** Sends, now and again, until answered; resolves then. `fresh` makes the message anew for each sending. */
  say(fresh: () => Unnumbered): { n: number; answered: Promise<void> }
  /** The answer to message `n` arrived. */
  answer(n: number): void
  /** Sends everything again that has waited for at least `olderThanMs`. */
  repeat(olderThanMs: number): void
  /** Gives everything up. */
  drop(n: number): void
  readonly size: () => number
}

export function createOutbox(send: (message: FromDaemon) => void, now: () => number): Outbox {
  type Entry = { fresh: () => Unnumbered; sentAt: number; done: () => void }
  const waiting = new Map<number, Entry>()
  let last = 0
  const out = (n: number, entry: Entry) => {
    entry.sentAt = now()
    send({ ...entry.fresh(), n } as FromDaemon)
  }
  return {
    say: (fresh) => {
      const n = ++last
      const answered = new Promise<void>((done) => {
        const entry = { fresh, sentAt: 0, done }
        waiting.set(n, entry)
        out(n, entry)
      })
      return { n, answered }
    },
    answer: (n) => {
      waiting.get(n)?.done()
      waiting.delete(n)
    },
    repeat: (olderThanMs) => {
      for (const [n, entry] of waiting) if (now() - entry.sentAt >= olderThanMs) out(n, entry)
    },
    drop: (n) => waiting.delete(n),
    size: () => waiting.size,
  }
}
