import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { TandemError, type Clock, type Id, type Log } from '@tandem/shared'
import { cachedView, type MirrorState, type View } from '@tandem/shared/docs'
import { createConflicts } from './conflicts.ts'
import { type Mirroring } from './context.ts'
import { createEntries } from './create.ts'
import { createIgnore } from './ignore.ts'
import { createJobs } from './jobs.ts'
import { createLocks } from './locks.ts'
import type { Workspace } from './ports.ts'
import { recoverExports, recoverImports } from './recover.ts'
import { settle } from './settle.ts'
import { openShadows } from './shadow.ts'
import { createSurvey } from './survey.ts'
import { openTexts } from './texts.ts'
import { deleteVanished, massDeletion, resurrectEdited } from './vanished.ts'
import { watchDirectories } from './watch.ts'
import { openRoot } from './write.ts'

/** The mirror of one folder: disk and documents follow each other until the signal. */
export type Mirror = {
  readonly state: View<MirrorState>
  /** Resolves once everything that was on either side at the start is on both. */
  readonly live: Promise<void>
  /** Resolves once what the server has now is on disk: before a task starts. */
  flush(): Promise<void>
  /** Resolves once what is on disk now is on the server: before a task is reported done. */
  settle(): Promise<void>
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
  docIdleMs: number
  /** Look at everything this often instead of watching: for file systems that tell nothing. */
  polling: boolean
  /** Whether to watch at all; without, only scans and barriers find what changed. */
  watching?: boolean
}

const settleMs = 10
const exportEveryMs = 75
const vanishedMs = 500
const stormHints = 500
const calmMs = 250
const pollMs = 1_000
const rescanMs = 60_000
const cursorMs = 1_000
/** Up to so many texts are opened, and so followed; more are read in bulk. */
const openAtOnce = 8
const bulkTexts = 200

export async function startMirror(options: MirrorOptions, signal: AbortSignal): Promise<Mirror> {
  const { workspace, clock, log } = options
  const root = await openRoot(options.folder)
  const shadows = await openShadows(options.stateDir)
  const locks = createLocks()

  // ---- what is to be done; whoever adds to it wakes the loop
  const hints = new Set<string>()
  const moved = new Set<Id>()
  let [scanWanted, indexChanged, judgeNow, seeding] = [true, true, false, false]
  let halted: string | undefined
  let lastScan = 0
  let cursor: string | undefined
  let wake = () => {}
  let woken = false
  const poke = () => {
    woken = true
    wake()
  }
  /** Entries that are not mirrored here, by the path under which that was found. */
  const passed = new Map<Id, string>()
  /** What was said already. */
  const refused = new Map<string, string>()

  // ---- what is told
  let progress: Pick<MirrorState, 'phase' | 'done' | 'total'> = { phase: 'starting' }
  let hidden: MirrorState['hidden'] = []
  let stateChanged = () => {}
  const state = cachedView<MirrorState>(
    () => ({
      ...(halted === undefined ? progress : { phase: 'halted', reason: halted }),
      files: shadows.size(),
      hidden,
      conflicts: [...conflicts.list()],
    }),
    (changed) => (stateChanged = changed),
  )
  const tell = (next: typeof progress) => {
    progress = next
    stateChanged()
  }
  const conflicts = createConflicts(root.path, clock, log, () => stateChanged())

  // ---- the parts
  const exportedAt = new Map<Id, number>()
  const texts = openTexts({
    workspace,
    clock,
    idleMs: options.docIdleMs,
    onRemoteChange: (id) => {
      // At once on the first change, then at most every 75 ms while somebody types.
      const due = (exportedAt.get(id) ?? 0) + exportEveryMs
      const now = clock.now()
      if (due > now + exportEveryMs) return
      exportedAt.set(id, Math.max(now, due))
      if (due <= now) jobs.add(id, { moved: true })
      else clock.after(due - now, () => signal.aborted || jobs.add(id, { moved: true }))
    },
  })
  const m: Mirroring = {
    root,
    workspace,
    shadows,
    texts,
    ignore: await createIgnore(root.path),
    conflicts,
    locks,
    clock,
    log,
    maxTextBytes: options.maxTextBytes,
    signal,
    again: (id) => jobs.later(id),
    refuse: (path, reason) => {
      if (refused.get(path) === reason) return
      refused.set(path, reason)
      log.warn('mirror path refused', { path, reason })
    },
    lookAt: (path) => {
      clock.after(settleMs, () => {
        hints.add(path)
        poke()
      })
    },
  }
  const jobs = createJobs({
    locks,
    clock,
    log,
    signal,
    onDone: poke,
    work: async (id, hint) => {
      if (halted !== undefined) return
      const entry = workspace.files.get(id)
      const isNew = entry && !entry.deleted && !shadows.get(id)
      if ((await settle(m, id, hint)) === 'gone') survey.vanished.set(id, survey.vanished.get(id) ?? clock.now())
      // What was not taken in now will not be at the next look either.
      if (isNew && !shadows.get(id)) passed.set(id, entry.path)
      else passed.delete(id)
    },
  })
  const watch = watchDirectories({
    root: root.path,
    log,
    onHint: (path) => {
      hints.add(path)
      poke()
    },
  })
  const survey = createSurvey(m, jobs, options.watching === false || options.polling ? { ...watch, add: () => {} } : watch)

  // ---- one turn of the loop: from what is known to have changed to work on files
  const scan = async () => {
    scanWanted = false
    passed.clear()
    hints.clear()
    lastScan = clock.now()
    try {
      const { hidden: counts } = await survey.all()
      hidden = [...counts].map(([reason, count]) => ({ reason, count })).toSorted((a, b) => b.count - a.count)
      if (halted !== undefined) await judge()
      stateChanged()
    } catch (e) {
      if (signal.aborted) return
      halt('The folder is gone or cannot be read. Put it back: nothing is deleted meanwhile.', e)
    }
  }
  const halt = (reason: string, e?: unknown) => {
    if (halted === reason) return
    halted = reason
    log.error('mirror halted', { reason, error: e })
    stateChanged()
  }
  const calm = async () => {
    // A storm, such as a branch switch: no single event counts; when it is over, everything is looked at.
    const [until, lockUntil] = [clock.now() + 2_000, clock.now() + 5_000]
    for (;;) {
      const before = hints.size
      await pause(calmMs)
      const gitBusy = await access(join(root.path, '.git/index.lock')).then(() => true, () => false)
      if (signal.aborted || clock.now() > (gitBusy ? lockUntil : until) || (hints.size === before && !gitBusy)) break
    }
    scanWanted = true
  }
  const judge = async () => {
    const now = clock.now()
    const ids = [...survey.vanished.keys()].filter((id) => shadows.get(id) && !locks.busy(id))
    const latest = Math.max(...survey.vanished.values())
    if (ids.length === 0) {
      survey.vanished.clear()
      if (halted !== undefined) resume()
      return
    }
    // They are judged together, once no more of them come.
    if (!judgeNow && now - latest < vanishedMs) {
      clock.after(vanishedMs - (now - latest), poke)
      return
    }
    const reason = await massDeletion(m, ids.length)
    if (reason !== undefined) return halt(reason)
    resume()
    for (const id of ids) survey.vanished.delete(id)
    await deleteVanished(m, ids)
  }
  const resume = () => {
    if (halted === undefined) return
    halted = undefined
    log.info('mirror resumed')
    ;[scanWanted, indexChanged] = [true, true]
    stateChanged()
  }
  const compareIndex = () => {
    indexChanged = false
    for (const [id, entry] of workspace.files.snapshot().byId) {
      const shadow = shadows.get(id)
      if (entry.deleted ? shadow !== undefined : !shadow ? passed.get(id) !== entry.path : isOff(entry, shadow)) moved.add(id)
    }
    for (const { id, path } of workspace.files.unreadable()) {
      m.refuse(String(path).slice(0, 300) || id, 'not a path of a workspace')
    }
  }
  const isOff = (entry: { path: string; facts: { exec: boolean } | undefined }, shadow: { path: string; exec: boolean; kind: string }) =>
    entry.path !== shadow.path || (shadow.kind === 'text' && entry.facts !== undefined && entry.facts.exec !== shadow.exec)

  /** Sets moved texts to work; many are read from the server together, some hundred at a time. */
  const takeMoved = async (ids: readonly Id[], strictly = false) => {
    const edited = ids.filter((id) => workspace.files.get(id)?.deleted)
    const deleted = edited.filter((id) => !shadows.get(id))
    if (deleted.length > 0) await resurrectEdited(m, deleted)
    const rest = ids.filter((id) => workspace.files.get(id) && !deleted.includes(id))
    const isText = (id: Id) => workspace.files.get(id)?.kind === 'text' && !workspace.files.get(id)?.deleted
    const toRead = rest.filter((id) => isText(id) && (strictly || !texts.isOpen(id)))
    if (!strictly && toRead.length <= openAtOnce) return rest.forEach((id) => jobs.add(id, { moved: true }))
    for (const id of rest) if (!isText(id) || (!strictly && texts.isOpen(id))) jobs.add(id, { moved: true })
    for (let i = 0; i < toRead.length; i += bulkTexts) {
      const some = toRead.slice(i, i + bulkTexts)
      const read = await workspace.read(some, signal)
      for (const id of some) {
        const remote = read.get(id)
        if (remote && remote.state === shadows.get(id)?.state && !indexOff(id)) continue
        jobs.add(id, { moved: true, ...(remote && { remote }) })
      }
      if (progress.phase !== 'live') tell({ phase: 'exporting', done: i + some.length, total: toRead.length })
      while (jobs.pending() > 2 * bulkTexts) await nextWake()
    }
  }
  const indexOff = (id: Id) => {
    const [entry, shadow] = [workspace.files.get(id), shadows.get(id)]
    return !entry || !shadow || isOff(entry, shadow)
  }
  const takeNew = async () => {
    const paths = survey.takeNew()
    if (paths.length === 0) return
    seeding = true
    if (progress.phase !== 'live') tell({ phase: 'seeding', done: 0, total: paths.length })
    const goneByHash = new Map([...survey.vanished.keys()].map((id) => [shadows.get(id)?.hash ?? '', id]))
    try {
      await createEntries(m, {
        paths,
        movedFrom: (hash) => goneByHash.get(hash),
        onMoved: (id, path) => {
          survey.vanished.delete(id)
          for (const [hash, each] of goneByHash) if (each === id) goneByHash.delete(hash)
          jobs.add(id, { found: path })
        },
        onProgress: (done) => progress.phase !== 'live' && tell({ phase: 'seeding', done, total: paths.length }),
      })
    } catch (e) {
      if (signal.aborted) return
      // Nothing is lost: they are still on disk, and still new.
      log.warn('mirror sharing failed', { files: paths.length, error: e })
      clock.after(1_000, () => ((scanWanted = true), poke()))
    } finally {
      seeding = false
    }
  }
  const turn = async () => {
    if (hints.size > stormHints) await calm()
    if (hints.size > 0 && !scanWanted) {
      await pause(settleMs)
      const paths = [...hints]
      hints.clear()
      if (paths.length > stormHints) scanWanted = true
      else if (await survey.paths(paths)) scanWanted = true
    }
    if (scanWanted) {
      await scan()
      indexChanged = true
    }
    if (halted !== undefined) return
    if (indexChanged) compareIndex()
    await takeNew()
    if (moved.size > 0) {
      const ids = [...moved]
      moved.clear()
      await takeMoved(ids)
    }
    if (survey.vanished.size > 0) await judge()
  }

  // ---- waiting
  const nextWake = async () => {
    if (!woken && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve))
    woken = false
  }
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const cancel = clock.after(ms, resolve)
      signal.addEventListener('abort', () => (cancel(), resolve()), { once: true })
    })
  let barriers: { resolve: () => void; reject: (e: Error) => void; all: boolean }[] = []
  const isQuiet = () => hints.size === 0 && moved.size === 0 && !scanWanted && !indexChanged && !seeding && jobs.pending() === 0
  const quiet = (all: boolean) =>
    new Promise<void>((resolve, reject) => {
      barriers.push({ resolve, reject, all })
      poke()
    })
  const refuseWhileHalted = () => {
    if (halted !== undefined) throw new TandemError('conflict', { reason: `The mirror has stopped: ${halted}` })
    if (signal.aborted) throw new TandemError('going-away')
  }
  let savedCursor: string | undefined
  const saveCursor = async () => {
    if (cursor === undefined || cursor === savedCursor || !isQuiet() || survey.vanished.size > 0) return
    savedCursor = cursor
    await shadows.setNote('cursor', cursor)
  }

  // ---- life
  let goLive = () => {}
  const live = new Promise<void>((resolve) => (goLive = resolve))
  const loop = async () => {
    while (!signal.aborted) {
      await nextWake()
      if (signal.aborted || !workspace.ready.snapshot()) continue
      if (halted !== undefined && clock.now() - lastScan > pollMs) scanWanted = true
      await turn()
      if (halted !== undefined) {
        clock.after(pollMs, poke)
        for (const { reject } of barriers) reject(new TandemError('conflict', { reason: `The mirror has stopped: ${halted}` }))
        barriers = []
        continue
      }
      if (!isQuiet()) continue
      const done = barriers.filter(({ all }) => !all || survey.vanished.size === 0)
      barriers = barriers.filter((each) => !done.includes(each))
      for (const { resolve } of done) resolve()
      if (barriers.length === 0) judgeNow = false
      if (progress.phase !== 'live') {
        tell({ phase: 'live' })
        goLive()
      } else stateChanged()
    }
  }
  const follow = async () => {
    for await (const { cursor: at, id } of workspace.feed(cursor, signal)) {
      cursor = at
      if (id === undefined || texts.isOpen(id)) continue
      // Without an entry nobody can have meant it yet; when the entry comes, the text is read.
      if (!workspace.files.get(id)) continue
      moved.add(id)
      poke()
    }
  }
  const every = async (ms: number, call: () => unknown) => {
    while (!signal.aborted) {
      await pause(ms)
      if (!signal.aborted) await call()
    }
  }
  const run = async () => {
    await recoverExports(m)
    while (!workspace.ready.snapshot() && !signal.aborted) await nextWake()
    if (signal.aborted) return
    if ((await shadows.note('history')) !== workspace.history) {
      await shadows.clear()
      await shadows.setNote('history', workspace.history)
      await shadows.setNote('cursor', '')
    }
    cursor = (await shadows.note('cursor')) || undefined
    tell({ phase: 'scanning' })
    await recoverImports(m)
    poke()
    await Promise.all([
      loop(),
      follow(),
      every(options.polling || !watch.complete() ? pollMs : rescanMs, () => ((scanWanted = true), poke())),
      every(cursorMs, saveCursor),
    ])
  }
  const stops = [
    workspace.files.subscribe(() => ((indexChanged = true), poke())),
    workspace.ready.subscribe(() => {
      if (workspace.ready.snapshot()) [scanWanted, indexChanged] = [true, true]
      poke()
    }),
  ]
  signal.addEventListener('abort', poke, { once: true })
  const finish = async () => {
    for (const stop of stops) stop()
    watch.close()
    texts.close()
    for (const { reject } of barriers) reject(new TandemError('going-away'))
    // Work under way ends by the signal; the store closes after it.
    while (jobs.pending() > 0) await new Promise<void>((resolve) => (wake = resolve))
    await saveCursor().catch(() => {})
    await shadows.close()
  }
  const closed = run()
    .catch((e: unknown) => {
      if (!signal.aborted) throw e
    })
    .finally(finish)

  return {
    state,
    live,
    closed,
    flush: async () => {
      refuseWhileHalted()
      const told = await workspace.movedSince(cursor, signal)
      const ids = new Set(told.flatMap(({ id }) => (id !== undefined && workspace.files.get(id) ? [id] : [])))
      await takeMoved([...ids], true)
      indexChanged = true
      await quiet(false)
    },
    settle: async () => {
      refuseWhileHalted()
      ;[scanWanted, judgeNow] = [true, true]
      await quiet(true)
    },
  }
}
