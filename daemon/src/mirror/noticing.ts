import type { Clock, Log } from '@tandem/shared'
import type { BackendName, Trouble } from '../watch/backend.ts'
import { createGitHold } from '../watch/git-hold.ts'
import type { Ignore } from '../watch/ignore.ts'
import type { Scan } from '../watch/scan.ts'
import { createScanner } from '../watch/scanner.ts'
import { openWatch, type WatchOptions, type Watch } from '../watch/watch.ts'
import type { Report } from './told/report.ts'

/** How the mirror comes to know that something on the disk may have changed. */
export type Noticing = {
  /** Has a directory watched, where anything is. */
  watch(dir: string): void
  /** Looks at the whole folder, and has what is found watched. Throws where the root is gone. */
  scan(): Promise<Scan>
  /** Waits while git is at work or a storm lasts; true where everything is to be looked at after that. */
  calm(): Promise<boolean>
  /** Everything was looked at, which took so long. */
  scanned(tookMs: number): void
  /** Whether it is time to look at everything again. */
  isScanDue(): boolean
  /** Resolves once nothing is watched any more. */
  close(): Promise<void>
}

type NoticingOptions = {
  root: string
  ignore: Ignore
  /** What watches; undefined where only scans are to tell. */
  watcher: BackendName | undefined
  openWatch?: ((options: WatchOptions) => Watch) | undefined
  report: Pick<Report, 'alert' | 'clear' | 'watcher'>
  clock: Clock
  log: Log
  signal: AbortSignal
  pause: (ms: number) => Promise<void>
  /** Paths at which to look. */
  onHints: (paths: readonly string[]) => void
  /** Everything is to be looked at. */
  onGap: () => void
}

/** A storm, such as a branch switch, is over after so long without an event; it is not waited for longer than that. */
const [quietMs, longestStormMs] = [250, 2_000]
/**
 * The rest between two looks at everything, and how many times as long as such a look it is at least: a folder of a
 * million files is not looked at all the time. Without a watcher the looks are all there is, and may cost more.
 */
const [restMs, restShare] = [60_000, 100]
const [pollMs, pollShare] = [1_000, 10]

/** Watches, waits for storms and for git, and says when everything is to be looked at anew. */
export function createNoticing(options: NoticingOptions): Noticing {
  const { root, ignore, watcher, report, clock, log, signal, pause, onHints, onGap } = options
  const scanner = createScanner(root, ignore)
  const gitRests = createGitHold({ root, clock, log, pause, signal })
  let storm = false
  let toldAt = 0
  let [scannedAt, tookMs] = [clock.now(), 0]

  const show = (trouble?: Trouble) => {
    const isPolling = !watch?.complete()
    report.watcher(isPolling ? 'polling' : watcher)
    if (trouble) report.alert(trouble.kind === 'limit' ? limitAlert(trouble) : brokenAlert(trouble, watcher))
    else for (const kind of ['watch-limit', 'watcher'] as const) report.clear(kind)
    if (isPolling) onGap()
  }
  const watch =
    watcher &&
    (options.openWatch ?? openWatch)({
      root,
      backend: watcher,
      clock,
      log,
      onTold: (told) => {
        toldAt = clock.now()
        if (told.storm) storm = true
        onHints(told.paths)
        if (told.storm) onGap()
      },
      onGap,
      onState: show,
    })
  if (!watch) report.watcher('polling')

  const watchDir = (dir: string) => watch?.add(dir)
  return {
    watch: watchDir,
    scan: () => scanner.scan(signal, watchDir),
    calm: async () => {
      await gitRests()
      if (!storm) return false
      const until = clock.now() + longestStormMs
      for (let now = clock.now(); now < until && now - toldAt < quietMs && !signal.aborted; now = clock.now()) {
        await pause(quietMs - (now - toldAt))
        await gitRests()
      }
      storm = false
      return true
    },
    scanned: (ms) => {
      ;[scannedAt, tookMs] = [clock.now(), ms]
      watch?.scanned()
    },
    isScanDue: () => {
      const rest = watch?.complete() ? Math.max(restMs, restShare * tookMs) : Math.max(pollMs, pollShare * tookMs)
      return clock.now() - scannedAt >= rest
    },
    close: async () => void (await Promise.all([watch?.close(), scanner.close()])),
  }
}

const limitAlert = ({ reason }: Trouble) => ({
  kind: 'watch-limit' as const,
  says: `The system has no more watches to give (${reason}), so the whole folder is looked at again and again instead.`,
  fix:
    process.platform === 'linux'
      ? 'Raise the limit: sudo sysctl fs.inotify.max_user_watches=1048576, and put fs.inotify.max_user_watches=1048576 into a file in /etc/sysctl.d to keep it.'
      : 'Raise the limit of open files (ulimit -n) before Tandem is started.',
})

const brokenAlert = ({ reason }: Trouble, watcher: BackendName | undefined) => ({
  kind: 'watcher' as const,
  says: `The watcher (${watcher}) does not work, so the whole folder is looked at again and again instead: ${reason}`,
  fix: 'It is started again by itself. If this stays, choose another one by the setting watcher.',
})
