import { errorTable, isTandemError, messageOf, plainText } from '@tandem/shared'
import { z } from 'zod'

/** Where the command speaks: `out` is the result, `err` everything else, `progress` a line that the next word replaces. */
export type Say = { out(text: string): void; err(text: string): void; progress(text: string): void }

const clearLine = '\r\x1b[K'

/** The terminal; where stderr is none, progress is left out. */
export function toTerminal(): Say {
  let isPending = false
  const line = (stream: NodeJS.WriteStream) => (text: string) => {
    if (isPending) process.stderr.write(clearLine)
    isPending = false
    stream.write(text + '\n')
  }
  return {
    out: line(process.stdout),
    err: line(process.stderr),
    progress: (text) => {
      if (!process.stderr.isTTY) return
      process.stderr.write(clearLine + text)
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
