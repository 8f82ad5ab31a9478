import { toast } from '../ui/toast.ts'
import { plainRows, type Row } from './log-rows.ts'
import type { Log, LogFacts } from './log.ts'

/** All rows that are here, as plain text. */
export const plainText = (log: Log, facts: LogFacts): string => plainRows(rowsOf(log, facts))

function* rowsOf(log: Log, { first, end }: LogFacts): Generator<Row> {
  for (let n = first; n < end; n++) {
    const row = log.row(n)
    if (row) yield row
  }
}

/** Puts a text on the clipboard and says so; says so too where the browser does not allow it. */
export async function copy(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toast(said)
  } catch {
    toast('This browser did not allow copying.')
  }
}
