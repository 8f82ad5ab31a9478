import { join } from 'node:path'
import { wait, type Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { origin, type Mirroring } from './context.ts'
import { createEntries } from './create.ts'
import { importMany } from './text/import-many.ts'
import { meetMany } from './text/meet-many.ts'
import type { Jobs } from './jobs.ts'
import { createLanes } from './locks.ts'
import type { Report } from './told/report.ts'
import type { Hint } from './text/settle-content.ts'
import type { Shadow } from './memory/shadow.ts'
import { birthmark, identity, look } from '../disk/stat.ts'
import type { Survey } from './survey.ts'
import { isTaken } from './place/taken.ts'
import { yieldMany } from './place/yield-many.ts'
import { createMoves } from './vanished/moves.ts'
import { resurrectEdited } from './vanished/vanished.ts'

export type Intake = {
  /** The files whose entry and shadow differ. */
  compareIndex(): Id[]
  /** Sets texts that moved on the server to work; `strictly`: by what the server has now, also of those held open. */
  takeMoved(ids: readonly Id[], strictly?: boolean): Promise<void>
  /** Says in the index what was moved on disk, all at once. */
  takeRenamed(): void
  /** Sets to work what changed on disk. */
  takeChanged(): Promise<void>
  /** Shares what is new on disk. */
  takeNew(): Promise<void>
  /** An entry was looked at; it is not looked at again until something changes, where it is not mirrored here. */
  looked(id: Id, entry: FileEntry, hint: Hint): void
  /** Whether it was found under another name, and that is still to be dealt with. */
  isFound(id: Id): boolean
  /** Everything is worth another look. */
  forget(): void
}

type IntakeOptions = { jobs: Jobs; survey: Survey; report: Report; nextWake: () => Promise<void> }

/** Up to so many texts are opened, and so followed; more are read in bulk, also where they are told of one by one. */
const openAtOnce = 8
/** News of texts that are not open belongs together while it comes within this time; then it is gathered this long. */
const [streamMs, gatherMs] = [500, 40]
/** Up to so many that changed on disk are settled each by itself, and open for a while after; more go in bulk. */
const importAlone = 32
const bulkTexts = 200

/** Turns what is known to have changed, on either side, into work on files; much of it at once goes in bulk. */
export function createIntake(m: Mirroring, { jobs, survey, report, nextWake }: IntakeOptions): Intake {
  const { workspace, shadows, texts } = m
  const { files } = workspace
  /** Entries that are not mirrored here, and what they said when that was found. */
  const passed = new Map<Id, string>()

  const found = new Set<Id>()

  const differs = (id: Id) => {
    const [entry, shadow] = [files.get(id), shadows.get(id)]
    if (!entry) return false
    if (entry.deleted) return shadow !== undefined
    return shadow ? isOff(entry, shadow) : passed.get(id) !== said(entry)
  }
  /** What was written a moment ago is looked at again to be sure; that is no work to tell of. */
  const hasChanged = (id: Id) => {
    const shadow = shadows.get(id)
    const there = shadow && look(join(m.root.path, shadow.path))
    return typeof there === 'object' && identity(there) !== shadow?.identity
  }
  const lately = new Set<Id>()
  let toldAt = 0
  /** Of texts that moved, those that are read in bulk; what moves again meanwhile is somebody typing. */
  const outOfMany = (ids: readonly Id[]) => {
    const now = m.clock.now()
    if (now - toldAt > streamMs) lately.clear()
    const first = ids.filter((id) => !lately.has(id))
    if (first.length > 0) toldAt = now
    for (const id of first) lately.add(id)
    if (ids.length > openAtOnce) return ids
    return lately.size > openAtOnce ? first : []
  }
  const isText = (id: Id) => files.get(id)?.kind === 'text' && !files.get(id)?.deleted

  const foundAt = (id: Id, path: string) => {
    found.add(id)
    jobs.add(id, { found: path })
  }

  const importSome = async (changed: readonly Id[], task: Id | undefined) => {
    // One that is at work already is not waited for: it is looked at again after that.
    const ids = changed.filter((id) => !m.locks.busy(id))
    for (const id of changed) if (m.locks.busy(id)) jobs.add(id, { task })
    try {
      const { alone, moved } = await m.locks.runAll(ids, () => importMany(m, ids, task))
      m.log.debug('mirror imported in bulk', { files: ids.length - alone.length, alone: alone.length })
      for (const id of alone) jobs.add(id, { task })
      for (const id of moved) jobs.add(id, { task, moved: true })
    } catch (error) {
      if (m.signal.aborted) throw error
      m.log.warn('mirror bulk failed', { error })
      for (const id of ids) jobs.add(id, { task })
    }
    while (jobs.pending() > 2 * bulkTexts && !m.signal.aborted) await nextWake()
  }

  return {
    compareIndex: () => {
      for (const { id, path } of files.unreadable())
        m.refuse(String(path).slice(0, 300) || id, 'not a path of a workspace')
      return [...files.snapshot().byId.keys()].filter(differs)
    },
    takeMoved: async (ids, strictly = false) => {
      const known = ids.filter((id) => files.get(id))
      const buried = known.filter((id) => files.get(id)?.deleted)
      if (buried.length > 0) await resurrectEdited(m, buried)
      const rest = known.filter((id) => !files.get(id)?.deleted || shadows.get(id))
      const wanted = rest.filter((id) => isText(id) && (strictly || !texts.isOpen(id)))
      const toRead = strictly ? wanted : outOfMany(wanted)
      const inBulk = new Set(toRead)
      const written = report.begin('exporting', toRead.length)
      for (const id of rest) if (!inBulk.has(id)) jobs.add(id, { moved: true })
      for (let i = 0; i < toRead.length; i += bulkTexts) {
        const taken = toRead.slice(i, i + bulkTexts)
        await yieldMany(m, taken)
        const some = taken.filter(isText)
        const read = await workspace.read(some, m.signal)
        const bases = await meetMany(m, read)
        for (const id of some) {
          const remote = read.get(id)
          const path = files.get(id)?.path
          // Its job fails, is tried again, and succeeds once the server's copy was restored.
          if (!remote && path !== undefined) m.refuse(path, 'the server’s copy is damaged')
          const shadow = shadows.get(id)
          if (remote && remote.state === shadow?.state && !shadow.behind && !differs(id)) continue
          const base = bases.get(id)
          jobs.add(id, { moved: true, ...(remote && { remote }), ...(base !== undefined && { base }) })
        }
        written(i + taken.length)
        while (jobs.pending() > 2 * bulkTexts && !m.signal.aborted) await nextWake()
      }
      if (toRead.length > 0 && !strictly) await wait(m.clock, gatherMs, m.signal).catch(() => {})
    },
    takeRenamed: () => {
      // What was found a while ago may have been moved on since, to where its entry says.
      const renamed = survey.takeRenamed().filter(([id]) => {
        const shadow = shadows.get(id)
        const stat = shadow && look(join(m.root.path, shadow.path))
        return typeof stat !== 'object' || birthmark(stat) !== shadow?.birthmark
      })
      files.transact(() => {
        for (const [id, path] of renamed) {
          const [entry, shadow] = [files.get(id), shadows.get(id)]
          // Renamed on both sides: the name that is shared already wins.
          if (!entry || entry.deleted || entry.path !== shadow?.path) continue
          if (!isTaken(m, id, shadow, path)) files.move(id, path)
        }
      }, origin)
      for (const [id, path] of renamed) foundAt(id, path)
    },
    takeChanged: async () => {
      const changed = survey.takeChanged()
      const inBulk = changed.size > importAlone
      for (const [task, ids] of byTask(changed)) {
        if (!inBulk) for (const id of ids) jobs.add(id, { task })
        else {
          const count = ids.filter(hasChanged).length
          const imported = report.begin('importing', count)
          let done = 0
          // While the server is at work on some, the next are read and compared here.
          const run = createLanes(2)
          const importing = batchesOf(ids).map((some) =>
            run(async () => {
              await importSome(some, task)
              done += some.length
              imported(Math.round((count * done) / ids.length))
            }),
          )
          for (const ended of await Promise.allSettled(importing)) if (ended.status === 'rejected') throw ended.reason
        }
      }
    },
    takeNew: async () => {
      const found = survey.takeNew()
      if (found.size === 0) return
      let before = 0
      const shared = report.begin('seeding', found.size)
      const moves = await createMoves(m, [...survey.vanished.keys()])
      for (const [task, paths] of byTask(found)) {
        await createEntries(m, {
          paths,
          task,
          moves,
          onMoved: (id, path) => {
            survey.vanished.delete(id)
            foundAt(id, path)
          },
          onProgress: (done) => shared(before + done),
        })
        before += paths.length
      }
    },
    looked: (id, entry, hint) => {
      if (hint.found !== undefined) found.delete(id)
      if (!shadows.get(id) && !entry.deleted) passed.set(id, said(entry))
      else passed.delete(id)
    },
    isFound: (id) => found.has(id),
    forget: () => {
      passed.clear()
      // What is still elsewhere is found again; work that a stopped mirror left alone would hold the others up for ever.
      found.clear()
    },
  }
}

const isOff = ({ path, facts }: FileEntry, shadow: Shadow): boolean =>
  path !== shadow.path ||
  (facts !== undefined && facts.exec !== shadow.exec) ||
  (facts?.blob !== undefined && facts.blob !== shadow.hash) ||
  // Content that could be shared and is not yet: the last life ended before, or did not share any.
  (shadow.kind === 'blob' && shadow.hash === '' && (facts?.withheld === undefined || facts.withheld === 'binary'))

const said = ({ path, facts }: FileEntry): string => `${path}\n${facts?.blob ?? ''}`

const batchesOf = (ids: readonly Id[]): Id[][] =>
  Array.from({ length: Math.ceil(ids.length / bulkTexts) }, (_, i) => ids.slice(i * bulkTexts, (i + 1) * bulkTexts))

function byTask<K>(found: ReadonlyMap<K, Id | undefined>): Map<Id | undefined, K[]> {
  const keysByTask = new Map<Id | undefined, K[]>()
  for (const [key, task] of found) {
    const keys = keysByTask.get(task)
    if (keys) keys.push(key)
    else keysByTask.set(task, [key])
  }
  return keysByTask
}
