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
