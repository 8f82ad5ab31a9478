import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readMirrorStatus, type MirrorStatus } from '@tandem/daemon/mirror-status'
import { plainText } from '@tandem/shared'
import type { Finding } from './finding.ts'

export type Limits = { watches: number | undefined; instances: number | undefined }
type LookOptions = { dataDir: string; isRunning: boolean; now: number; limits?: Limits }

/** A running daemon writes at least once a minute. */
const oldMs = 5 * 60_000
const shownAlerts = 5
/** Other programs of the same person watch too. */
const enough = 0.8

/** What the daemon of this folder noted of its mirror; undefined where none has. */
export const mirrorStatusIn = (dataDir: string): MirrorStatus | undefined => readMirrorStatus(join(dataDir, 'daemon'))

/** How the mirror stands, in a line each for `tandem status`. */
export function mirrorLines({
  phase,
  reason,
  done,
  total,
  files,
  question,
  conflicts,
  alerts,
}: MirrorStatus): string[] {
  const count = (n: number, one: string, many: string) =>
    n === 0 ? [] : [`${n.toLocaleString('en')} ${n === 1 ? one : many}`]
  const progress = total
    ? ` (${phase}, ${(done ?? 0).toLocaleString('en')} of ${total.toLocaleString('en')} files)`
    : ` (${phase})`
  const stands =
    phase === 'halted'
      ? `The mirror has stopped: ${reason ?? 'it does not say why'}`
      : phase === 'live'
        ? `The folder and its documents are the same: ${files.toLocaleString('en')} files.`
        : `The folder and its documents are being made the same${progress}.`
  const open = [
    ...count(question ? 1 : 0, 'question', 'questions'),
    ...count(conflicts, 'conflict', 'conflicts'),
    ...count(alerts.length, 'alert', 'alerts'),
  ]
  return [stands, ...(open.length > 0 ? [`Waiting for somebody to look, in the page: ${open.join(', ')}.`] : [])].map(
    plainText,
  )
}

/** The mirror of a folder, as its daemon last noted it, and the system's limits on watching it. */
export function lookAtMirror({ dataDir, isRunning, now, limits = systemLimits() }: LookOptions): Finding[] {
  const status = mirrorStatusIn(dataDir)
  if (!status) return [{ is: 'ok', says: 'no daemon has mirrored this folder yet' }, ...lookAtLimits(limits, undefined)]
  const { phase, reason, at, scan, hidden, withheld, conflicts, alerts, watcher } = status
  const time = new Date(at).toLocaleString()
  const age: Finding[] = !isRunning
    ? [{ is: 'ok', says: `as it was ${time}: no daemon runs now` }]
    : now - at > oldMs
      ? [
          {
            is: 'warn',
            says: `nothing was noted since ${time}`,
            fix: 'Look into the daemon’s log; starting Tandem again helps.',
          },
        ]
      : []
  const list = (items: readonly string[]) => plainText(items.join(', '))
  const more = alerts.length - shownAlerts
  return [
    ...age,
    phase === 'halted'
      ? {
          is: 'fail',
          says: plainText(`stopped: ${reason ?? 'it does not say why'}`),
          fix: 'Answer in the page, or put the files back.',
        }
      : {
          is: 'ok',
          says: `${status.files.toLocaleString('en')} files shared, ${phase === 'live' ? 'all in place' : phase}`,
        },
    ...(scan
      ? [
          {
            is: 'ok' as const,
            says: `last looked at ${scan.files.toLocaleString('en')} files in ${scan.dirs.toLocaleString('en')} directories ${new Date(scan.at).toLocaleString()}, in ${scan.ms} ms`,
          },
        ]
      : []),
    ...(hidden.length > 0
      ? [
          {
            is: 'ok' as const,
            says: `not shared: ${list(hidden.map(({ reason: why, count }) => `${count} by ${why}`))}`,
          },
        ]
      : []),
    ...(withheld.length > 0
      ? [
          {
            is: 'ok' as const,
            says: `listed only: ${list(withheld.map(({ path, size, why }) => `${path} (${megabytes(size)} MB, ${why})`))}`,
          },
        ]
      : []),
    ...(conflicts > 0
      ? [{ is: 'warn' as const, says: `${conflicts} conflicts in .tandem/conflicts`, fix: 'Settle them in the page.' }]
      : []),
    ...alerts.slice(0, shownAlerts).map(({ says, fix }): Finding => ({
      is: 'warn',
      says: plainText(says),
      ...(fix !== undefined && { fix: plainText(fix) }),
    })),
    ...(more > 0 ? [{ is: 'warn' as const, says: `and ${more} more alerts`, fix: 'The page lists them.' }] : []),
    ...(watcher === 'polling'
      ? [{ is: 'warn' as const, says: 'nothing is watched: the folder is looked at every second' }]
      : watcher
        ? [{ is: 'ok' as const, says: `changes are noticed by ${watcher}` }]
        : []),
    ...lookAtLimits(limits, scan?.dirs),
  ]
}

function lookAtLimits({ watches, instances }: Limits, dirs: number | undefined): Finding[] {
  if (watches === undefined) return []
  const says = `the system watches ${watches.toLocaleString('en')} directories for one user, by ${instances?.toLocaleString('en') ?? 'some'} watchers`
  if (dirs === undefined || dirs <= watches * enough) return [{ is: 'ok', says }]
  const wanted = 2 ** Math.ceil(Math.log2(dirs * 2))
  return [
    {
      is: 'warn',
      says: `${says}; this folder has ${dirs.toLocaleString('en')}`,
      fix: `sudo sysctl fs.inotify.max_user_watches=${wanted}`,
    },
  ]
}

/** Linux alone has such limits. */
function systemLimits(): Limits {
  const read = (name: string) => {
    try {
      return Number(readFileSync(`/proc/sys/fs/inotify/${name}`, 'utf8')) || undefined
    } catch {
      return undefined
    }
  }
  return { watches: read('max_user_watches'), instances: read('max_user_instances') }
}

const megabytes = (n: number) => (n / 1_000_000).toLocaleString('en', { maximumFractionDigits: 1 })
