import { errorTable, isTandemError, messageOf } from '@tandem/shared'
import { z } from 'zod'

/** Where the command speaks: `out` is the result, `err` everything else. */
export type Say = { out(text: string): void; err(text: string): void }

export const toTerminal: Say = {
  out: (text) => void process.stdout.write(text + '\n'),
  err: (text) => void process.stderr.write(text + '\n'),
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
  return `tandem: ${message}.${failure.hint ? ` ${failure.hint}` : ''}`
}

/** Anything that was thrown, as a failure: ours with its hint; a defect says that it is one. */
export function failureOf(e: unknown): Failure {
  if (isTandemError(e)) return { t: 'failed', code: e.code, message: e.message, hint: errorTable[e.code].hint }
  return { t: 'failed', code: 'internal', message: messageOf(e), hint: errorTable.internal.hint }
}
