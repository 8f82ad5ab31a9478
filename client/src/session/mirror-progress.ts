import type { MirrorState } from '@tandem/shared/docs'

/** How far a folder has come, in words; without `total` nobody knows how long it takes. */
export type Progress = { label: string; done?: number; total?: number }

const verbs = { seeding: 'Sharing', importing: 'Taking in', exporting: 'Writing' } as const

/** What a mirror is doing that has an end; undefined where it only keeps up. `name` where there are several machines. */
export function progressOf(state: MirrorState | undefined, name?: string): Progress | undefined {
  if (!state) return undefined
  const { phase, done = 0, total, bytes } = state
  const where = name === undefined ? '' : ` on ${name}`
  const large = bytes && `${megabytes(bytes.done)} of ${megabytes(bytes.total)} MB`
  if (phase === 'halted' || phase === 'starting') return undefined
  if (phase === 'scanning') return { label: `Reading the folder${where}…` }
  if (phase === 'live') return bytes && { label: `Large files${where}: ${large}`, ...bytes }
  // The last megabytes may be on their way when every file was begun.
  const files = total === undefined ? 'files' : `${number(done)} of ${number(total)} ${total === 1 ? 'file' : 'files'}`
  const label = `${verbs[phase]} ${files}${phase === 'exporting' ? ` to the folder${where}` : where}`
  const steps = total !== undefined && (done < total || !bytes) ? { done, total } : bytes
  return { label: large === undefined ? label : `${label} · ${large}`, ...steps }
}

const number = (n: number) => n.toLocaleString('en')
/** Decimal megabytes: below ten with one digit behind the point. */
const megabytes = (bytes: number) => (bytes < 9.95e6 ? (bytes / 1e6).toFixed(1) : number(Math.round(bytes / 1e6)))
