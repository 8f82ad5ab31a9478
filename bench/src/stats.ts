/** One line of the table. Times in ms unless the unit says otherwise. */
export type Row = {
  what: string
  samples: readonly number[]
  /** The same without us, measured in the same run. */
  floor?: { what: string; samples: readonly number[] }
  note?: string
}

/** The value below which `q` of the samples lie. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}
export const median = (samples: readonly number[]): number => quantile(samples, 0.5)
const p95 = (samples: readonly number[]): number => quantile(samples, 0.95)

/** The rows as a table of text; the ratio is that of the medians. */
export function toTable(rows: readonly Row[]): string {
  const ms = (n: number) => (n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2))
  const cells = rows.map(({ what, samples, floor, note = '' }) => [
    what,
    String(samples.length),
    ms(median(samples)),
    ms(p95(samples)),
    floor ? ms(median(floor.samples)) : '',
    floor ? ms(p95(floor.samples)) : '',
    floor ? `${(median(samples) / median(floor.samples)).toFixed(1)} x` : '',
    [floor && `floor: ${floor.what}`, note].filter(Boolean).join('; '),
  ])
  const table = [['what (ms)', 'n', 'p50', 'p95', 'floor p50', 'p95', 'ratio', ''], ...cells]
  const widths = table[0]?.map((_, i) => Math.max(...table.map((row) => row[i]?.length ?? 0))) ?? []
  const line = (row: string[]) =>
    row
      .map((cell, i) => (i === 0 || i === 7 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  const [head = [], ...body] = table
  return [line(head), widths.map((w) => '-'.repeat(w)).join('  '), ...body.map(line)].join('\n')
}
