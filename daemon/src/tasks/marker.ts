import { note, type LogChunk } from '@tandem/shared/docs'

export const megabyte = 2 ** 20

/**
 * A word of ours in the place of output that is left out: it has the number of the first of that. Neutral: a long output
 * is no mistake.
 */
export const marker = ({ q, o, t }: Omit<LogChunk, 'd' | 's'>, bytes: number, where: string): LogChunk => ({
  q,
  o,
  t,
  s: note,
  d: new TextEncoder().encode(`\n… ${(bytes / megabyte).toFixed(1)} MB ${where} …\n`),
})
