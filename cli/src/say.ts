import { errorTable, isTandemError, messageOf, plainText } from '@tandem/shared'
import { z } from 'zod'

/** Where the command speaks. */
export type Say = {
  /** The result. */
  out(text: string): void
  /** Everything else. */
  err(text: string): void
  /** A line, as wide as the terminal, that the next word replaces; without one the last is taken away. */
  progress(draw?: (columns: number) => string): void
}

const clearLine = '\r\x1b[K'

type Terminal = NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
type Streams = { stdout: NodeJS.WritableStream; stderr: Terminal }

/** The terminal; where stderr is none, progress is left out. */
export function toTerminal({ stdout, stderr }: Streams = process): Say {
  let isPending = false
  const clear = () => {
    if (isPending) stderr.write(clearLine)
    isPending = false
  }
  const line = (stream: NodeJS.WritableStream) => (text: string) => {
    clear()
    stream.write(text + '\n')
  }
  return {
    out: line(stdout),
    err: line(stderr),
    progress: (draw) => {
      if (!stderr.isTTY) return
      if (!draw) return clear()
      stderr.write(clearLine + draw(stderr.columns ?? 80))
      isPending = true
    },
  }
}

/** What a child program says before it gives up. */
export const Failure = z.object({
  t: z.literal('failed'),
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
})
export type Failure = z.infer<typeof Failure>

/** One clear sentence, and what to do. */
export function sentenceOf(failure: Pick<Failure, 'message' | 'hint'>): string {
  const message = failure.message.replace(/\.$/, '')
  return plainText(`tandem: ${message}.${failure.hint ? ` ${failure.hint}` : ''}`)
}

/** Anything that was thrown, as a failure: ours with its hint; a defect says that it is one. */
export function failureOf(e: unknown): Failure {
  if (isTandemError(e)) return { t: 'failed', code: e.code, message: e.message, hint: errorTable[e.code].hint }
  return { t: 'failed', code: 'internal', message: messageOf(e), hint: errorTable.internal.hint }
}
