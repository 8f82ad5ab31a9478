import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { messageOf } from '@tandem/shared'
import { FromGuest, maxLine, type ToGuest } from './messages.ts'

/** How a process that runs one snippet is spoken with. */
export type Pipes = { readonly input: Writable; readonly output: Readable }

/** One whose whole life is its snippet. */
export type Guest = Pipes & {
  readonly pid: number | undefined
  readonly errors: Readable
  /** Of all its processes, bytes. */
  memory(): number
  kill(): void
  /** Settles when nothing of it is left. */
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** What ended the talk with a guest. */
export type Parting = { said: Extract<FromGuest, { t: 'done' }> } | { forged: string } | { gone: true }

/** Says something to a guest, and settles when it has gone out; one that is gone does not hear it. */
export const tell = ({ input }: Pipes, message: ToGuest): Promise<void> =>
  new Promise((resolve) => input.write(`${JSON.stringify(message)}\n`, () => resolve()))

/**
 * Hears a guest out, one word after the other: while `onMessage` is pending it is not read, and has to wait. Ends with its
 * result, with the first thing that a guest does not say, or with the guest.
 */
export async function hear(
  { output }: Pipes,
  onMessage: (message: Exclude<FromGuest, { t: 'done' }>) => void | Promise<void>,
): Promise<Parting> {
  try {
    for await (const line of linesOf(output)) {
      if (line === undefined) return { forged: 'a line without an end' }
      const parsed = FromGuest.safeParse(JSON.parse(line))
      if (!parsed.success) return { forged: parsed.error.issues[0]?.message ?? 'nothing that is known' }
      if (parsed.data.t === 'done') return { said: parsed.data }
      await onMessage(parsed.data)
    }
    return { gone: true }
  } catch (e) {
    return e instanceof SyntaxError ? { forged: messageOf(e) } : { gone: true }
  }
}

/** The lines of a stream; undefined, and the end, where one is too long. */
async function* linesOf(stream: Readable): AsyncGenerator<string | undefined> {
  let rest = ''
  stream.setEncoding('utf8')
  for await (const piece of stream as AsyncIterable<string>) {
    const [first = '', ...more] = piece.split('\n')
    rest += first
    for (const next of more) {
      yield rest.length > maxLine ? undefined : rest
      rest = next
    }
    if (rest.length > maxLine) return yield undefined
  }
}

/** The last words of a stream that nobody else reads. */
export function tailOf(stream: Readable): () => string {
  let tail = ''
  createInterface({ input: stream }).on('line', (line) => (tail = `${tail}\n${line}`.slice(-2_000)))
  return () => tail.trim()
}
