import type { FromDaemonProgram } from './programs.ts'

type Progress = Pick<Extract<FromDaemonProgram, { t: 'progress' }>, 'phase' | 'done' | 'total' | 'bytes'>

const phases: Readonly<Record<string, string>> = {
  scanning: 'Reading the folder',
  seeding: 'Sharing the files',
  importing: 'Taking in what changed here',
  exporting: 'Writing files into the folder',
  halted: 'Stopped: the page says why',
}
const widestBar = 30
const narrowestBar = 8

const count = (n: number) => n.toLocaleString('en')
const megabytes = (n: number) => (n / 1_000_000).toLocaleString('en', { maximumFractionDigits: n < 10_000_000 ? 1 : 0 })

/**
 * How far the first mirror is, in one line that never wraps: words, then a bar where there is room for one. Plain ASCII,
 * so that no font and no code page spoils it.
 */
export function progressLine({ phase, done = 0, total, bytes }: Progress, columns: number): string {
  const words = [phases[phase] ?? 'Starting']
  if (total) words.push(`${count(done)} of ${count(total)} files`)
  if (bytes) words.push(`${megabytes(bytes.done)} of ${megabytes(bytes.total)} MB`)
  // Written into, the last column makes some terminals wrap.
  const width = Math.max(0, columns - 1)
  const text = words.join(', ').slice(0, width)
  // Where only the content of large files is left, that is what the bar is about.
  const share = total && done < total ? done / total : bytes?.total ? bytes.done / bytes.total : total ? 1 : undefined
  const room = Math.min(widestBar, width - text.length - ' []'.length)
  if (share === undefined || room < narrowestBar) return text
  const full = Math.floor(Math.min(1, share) * room)
  return `[${'#'.repeat(full)}${'-'.repeat(room - full)}] ${text}`
}
