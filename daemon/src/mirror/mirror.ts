import { TandemError, type Clock, type Id, type Log } from '@tandem/shared'
import type { Answer, MirrorState, View } from '@tandem/shared/docs'
import { folderMark } from '../disk/folder-mark.ts'
import { createBarriers } from './barriers.ts'
import { recoverAsides } from './blob/blob-place.ts'
import { tidyPartials } from './blob/blob-transfer.ts'
import { createClashes } from './place/clashes.ts'
import { createConflicts } from './told/conflicts.ts'
import type { Mirroring } from './context.ts'
import { createCursor } from './memory/cursor.ts'
import { createIgnore } from '../watch/ignore.ts'
import { tellingFailures } from './told/failures.ts'
import { createDue } from './due.ts'
import { createFollowing } from './follow.ts'
import { createIntake } from './intake.ts'
import { createJobs } from './jobs.ts'
import { createJudge } from './vanished/judge.ts'
import { createLocks } from './locks.ts'
import { createNoticing } from './noticing.ts'
import { createArrivals, rootTrouble } from './vanished/mass-deletion.ts'
import { openMemory } from './memory/memory.ts'
import type { Workspace } from './ports.ts'
import { recoverExports, recoverImports } from './memory/recover.ts'
import { createRefusals } from './told/refusals.ts'
import { createReport } from './told/report.ts'
import { settle } from './settle.ts'
import { openShadows } from './memory/shadow.ts'
import type { LastScan } from './told/status-file.ts'
import { createSpecials } from './place/specials.ts'
import { createSurvey } from './survey.ts'
import { openTexts } from './text/texts.ts'
import { tidyTrash } from './place/trash.ts'
import { createTransfers } from './blob/transfers.ts'
import { createTurns } from './turn.ts'
import { createUnread } from './told/unread.ts'
import { createWaker } from './waker.ts'
import type { BackendName } from '../watch/backend.ts'
import type { Watch, WatchOptions } from '../watch/watch.ts'
import { openRoot } from '../disk/write.ts'

/** The mirror of one folder: disk and documents follow each other until the signal. */
export type Mirror = {
  readonly state: View<MirrorState>
  /** When the whole folder was last looked at, and what there was; undefined before the first time. */
  lastScan(): LastScan | undefined
  /** Resolves once everything that was on either side at the start is on both. */
  readonly live: Promise<void>
  /**
   * Resolves once what the server has now is on disk: before a task starts. Answers the paths that were left out, for
   * they fail or never rest. Rejects where the mirror has stopped.
   */
  flush(): Promise<readonly string[]>
  /** As `flush`, once what is on disk now is on the server: before a task is reported done. */
  settle(): Promise<readonly string[]>
  /** What somebody answered to the question that is open, or to a conflict; to anything else it does nothing. */
  answer(id: Id, answer: Answer['answer']): void
  /** Settles when everything has truly stopped. */
  readonly closed: Promise<void>
}

export type MirrorOptions = {
  folder: string
  /** Where the shadows live. */
  stateDir: string
  workspace: Workspace
  clock: Clock
  log: Log
  maxTextBytes: number
  maxBlobBytes: number
  /** What git committed last of these paths; nothing is known of it where this is not given. */
  committed?: Mirroring['committed']
  docIdleMs: number
  /** Look at everything every second instead of watching: for file systems that tell nothing. */
  polling: boolean
  /** What tells that something changed. */
  watcher: BackendName
  /** For tests: false finds changes by scans and barriers alone. */
  watching?: boolean
  /** For tests: another watch. */
  openWatch?: (options: WatchOptions) => Watch
}

const pollMs = 1_000
const cursorMs = 1_000
/** How often it is seen whether what was at work at the end has ended. */
const stoppingMs = 10

/**
 * Starts mirroring. One loop takes what is known to have changed (hints of the watcher, moved texts, the index, a scan)
 * and sets files to work; each file is settled by itself, several at once, one way or the other by what it finds then.
 * Events only wake; what is done depends on disk, document and shadow alone, so a lost or doubled event does no harm.
 */
export async function startMirror(options: MirrorOptions, signal: AbortSignal): Promise<Mirror> {
  const { workspace, clock, log } = options
  const root = await openRoot(options.folder)
  const shadows = await openShadows(options.stateDir)
  const locks = createLocks()
  const { poke, pokeAfter, next, pause } = createWaker(clock, signal)

  const due = createDue(poke)
  const { hint, wantScan } = due

  const { maxTextBytes, maxBlobBytes } = options
  const conflicts = createConflicts({
    root,
    blobs: workspace.blobs,
    maxBlobBytes,
    clock,
    log,
    changed: () => report.refresh(),
    signal,
  })
  const report = createReport({ files: shadows.size, conflicts: conflicts.list, clock, log })
  const texts = openTexts({
    workspace,
    clock,
    idleMs: options.docIdleMs,
    onRemoteChange: (id) => signal.aborted || jobs.addCalmly(id, { moved: true }),
  })
  const refusals = createRefusals({ root, workspace, shadows, report, log })
  const looksDue = new Set<string>()
  const lookAt: Mirroring['lookAt'] = (path, ms) => {
    if (ms === undefined) return hint(path)
    if (looksDue.has(path)) return
    looksDue.add(path)
    clock.after(ms, () => {
      looksDue.delete(path)
      if (!signal.aborted) hint(path)
    })
  }
  const m: Mirroring = {
    root,
    workspace,
    shadows,
    texts,
    ignore: createIgnore(root.path),
    conflicts,
    report,
    transfers: createTransfers(report.bytes),
    clashes: createClashes({ workspace, shadows, report, root }),
    unread: createUnread({ root, report, lookAt }),
    locks,
    clock,
    log,
    maxTextBytes,
    maxBlobBytes,
    signal,
    committed: options.committed ?? (async () => new Map()),
    again: (id) => jobs.later(id),
    isFailing: (id) => jobs.failing().has(id),
    isOneOfMany: (id) => arrivals.has(id),
    lookAt,
    inHaste: () => barriers.inHaste(),
    refuse: refusals.refuse,
  }
  const telling = tellingFailures(m)
  const jobs = createJobs({
    locks,
    isHeavy: (id) => workspace.files.get(id)?.kind === 'blob',
    clock,
    log,
    signal,
    onDone: (id) => {
      barriers.finished(id)
      poke()
    },
    work: async (id, given) => {
      if (report.halted() !== undefined) return
      if (rootTrouble(root) !== undefined) return wantScan()
      const entry = workspace.files.get(id)
      if ((await refusals.attend(entry?.path, () => telling(id, () => settle(m, id, given)))) === 'gone')
        survey.vanished.set(id, survey.vanished.get(id) ?? clock.now())
      if (entry) intake.looked(id, entry, given)
    },
  })
  const noticing = createNoticing({
    root: root.path,
    ignore: m.ignore,
    watcher: options.watching === false || options.polling ? undefined : options.watcher,
    openWatch: options.openWatch,
    report,
    clock,
    log,
    signal,
    pause,
    onHints: (paths) => {
      for (const path of paths) due.hints.add(path)
      poke()
    },
    onGap: wantScan,
  })
  const specials = createSpecials(m)
  const survey = createSurvey(m, noticing, specials.take)
  const intake = createIntake(m, { jobs, survey, report, nextWake: next })

  const { judge, answer } = createJudge(m, {
    vanished: survey.vanished,
    isFound: intake.isFound,
    isSought: survey.isSought,
    wantScan,
    report,
    pokeAfter,
  })
  const arrivals = createArrivals(m)

  const resume = async () => {
    // Work that came while it was halted, or while the folder was on its way out, was left alone: it is told again.
    // Offline: the next look tries again.
    if (!(await following.again())) return
    if (report.resume()) [due.scan, due.index] = [true, true]
  }
  const barriers = createBarriers(clock, poke)
  const turns = createTurns(m, {
    due,
    noticing,
    survey,
    specials,
    intake,
    arrivals,
    refusals,
    report,
    barriers,
    jobs,
    judge,
    resume,
    pause,
  })
  /** Files that cannot settle, for whoever waits for all of them. */
  const leftOut = () =>
    [...new Set([...jobs.failing().keys(), ...jobs.pendingIds()])].map((id) => workspace.files.get(id)?.path ?? id)
  const isQuiet = () => due.isNothing() && jobs.pending() === 0
  /** Nothing is at work, nothing waits, and nothing is to be tried again; stopped, work is left alone, and told again. */
  const isDone = () =>
    report.halted() === undefined &&
    !turns.isTurning() &&
    isQuiet() &&
    survey.vanished.size === 0 &&
    jobs.failing().size === 0
  const cursor = createCursor({ shadows, isDone, isOpen: texts.isOpen, signal })
  const following = createFollowing({ workspace, texts, cursor, due, poke, signal })
  const haltedError = () => new TandemError('conflict', { reason: `The mirror has stopped: ${report.halted() ?? ''}` })
  const requireRunning = () => {
    if (signal.aborted) throw new TandemError('going-away')
    if (report.halted() !== undefined) throw haltedError()
  }

  const live = Promise.withResolvers<void>()
  const loop = async () => {
    while (!signal.aborted) {
      await next()
      if (signal.aborted || !workspace.ready.snapshot()) continue
      if (report.halted() !== undefined && clock.now() - turns.lastScanAt() > pollMs) due.scan = true
      await turns.turn()
      if (report.halted() !== undefined) {
        barriers.fail(haltedError())
        pokeAfter(pollMs)
      } else if (isQuiet()) {
        barriers.reached(survey.vanished.size === 0, leftOut())
        report.rest()
        arrivals.end()
        live.resolve()
      } else barriers.release(leftOut)
    }
  }
  const every = async (ms: () => number, call: () => unknown) => {
    while (!signal.aborted) {
      await pause(ms())
      if (!signal.aborted) await call()
    }
  }
  const run = async () => {
    await recoverExports(m)
    while (!workspace.ready.snapshot() && !signal.aborted) await next()
    if (signal.aborted) return
    await openMemory(shadows, { history: workspace.history, folder: folderMark(root.path) })
    for (const id of await cursor.open()) due.moved.add(id)
    await conflicts.open()
    report.scanning()
    await recoverImports(m)
    await recoverAsides(m)
    await tidyPartials(m)
    await tidyTrash(m)
    poke()
    const rescans = every(
      () => pollMs,
      () => noticing.isScanDue() && wantScan(),
    )
    await Promise.all([loop(), following.run(), rescans, every(() => cursorMs, cursor.save)])
  }
  const stops = following.subscribe()
  const finish = async () => {
    for (const stop of stops) stop()
    await noticing.close()
    texts.close()
    barriers.fail(new TandemError('going-away'))
    // Work under way ends by the signal; the store closes after it.
    while (jobs.pending() > 0) await new Promise<void>((resolve) => void clock.after(stoppingMs, resolve))
    await cursor.close()
    await shadows.close()
  }
  const closed = (async () => {
    try {
      await run()
    } catch (e) {
      if (!signal.aborted) throw e
    } finally {
      await finish()
    }
  })()

  return {
    state: report.state,
    lastScan: report.lastScan,
    live: live.promise,
    closed,
    answer: (id, word) => {
      if (word === 'dismiss') conflicts.dismiss(id)
      else if (answer(id, word)) wantScan()
    },
    flush: async () => {
      requireRunning()
      const told = await workspace.movedSince(cursor.heard(), signal)
      await intake.takeMoved([...new Set(told.flatMap(({ id }) => id ?? []))], true)
      due.index = true
      return await barriers.wait(false)
    },
    settle: async () => {
      requireRunning()
      due.scan = true
      return await barriers.wait(true)
    },
  }
}
