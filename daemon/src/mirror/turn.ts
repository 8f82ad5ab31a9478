import type { Barriers } from './barriers.ts'
import type { Mirroring } from './context.ts'
import type { Due } from './due.ts'
import type { Intake } from './intake.ts'
import type { Jobs } from './jobs.ts'
import type { Noticing } from './noticing.ts'
import type { Specials } from './place/specials.ts'
import type { Survey } from './survey.ts'
import type { Refusals } from './told/refusals.ts'
import type { Report } from './told/report.ts'
import type { Judge } from './vanished/judge.ts'
import { openOwnFolders, rootTrouble, type Arrivals } from './vanished/mass-deletion.ts'

/** An editor's save is several events: so long it is waited for more. */
const hintMs = 10
const manyHints = 500

export type Turns = {
  /** Takes out all that is due, and sets it to work. */
  turn(): Promise<void>
  isTurning(): boolean
  /** When the whole folder was last looked at, ms since the epoch; 0 before the first time. */
  lastScanAt(): number
}

type TurnsOptions = {
  due: Due
  noticing: Noticing
  survey: Survey
  specials: Specials
  intake: Intake
  arrivals: Arrivals
  refusals: Refusals
  report: Report
  barriers: Barriers
  jobs: Jobs
  /** Deals with what vanished; true where that is why the mirror is halted. */
  judge: Judge['judge']
  /** Goes on after a halt. */
  resume(): Promise<void>
  pause(ms: number): Promise<void>
}

/** The body of the mirror's loop: from what may have changed to work on files. */
export function createTurns(m: Mirroring, options: TurnsOptions): Turns {
  const { due, noticing, survey, specials, intake, arrivals, refusals, report, barriers, jobs, judge } = options
  let lastScan = 0
  let isTurning = false
  const scan = async () => {
    due.scan = false
    due.hints.clear()
    intake.forget()
    lastScan = m.clock.now()
    const trouble = rootTrouble(m.root)
    if (trouble !== undefined) return report.halt(trouble)
    try {
      report.scanned(await survey.all(), lastScan)
      noticing.scanned(m.clock.now() - lastScan)
      refusals.sweep()
      due.index = true
    } catch (e) {
      if (!m.signal.aborted)
        report.halt('The folder is gone or cannot be read. Put it back: nothing is deleted meanwhile.', {
          error: e,
        })
      return
    }
    // Without anything else gone, somebody tidied up too well.
    if (survey.vanished.size === 0) await openOwnFolders(m.root)
    if (report.halted() !== undefined && !(await judge())) await options.resume()
  }
  const turn = async () => {
    barriers.turnBegins()
    if (rootTrouble(m.root) !== undefined) due.scan = true
    if (await noticing.calm()) due.scan = true
    if (due.hints.size > 0 && !due.scan) {
      await options.pause(hintMs)
      const paths = [...due.hints]
      due.hints.clear()
      if (paths.length > manyHints || (await survey.paths(paths))) due.scan = true
      specials.look(paths)
    }
    if (due.scan) await scan()
    if (report.halted() !== undefined) return
    if (due.index) {
      due.index = false
      for (const id of intake.compareIndex()) due.moved.add(id)
      arrivals.note([...due.moved])
    }
    for (const id of survey.takeMet()) due.moved.add(id)
    m.clashes.review()
    m.unread.review()
    intake.takeRenamed()
    await intake.takeChanged()
    await intake.takeNew()
    await specials.share(jobs.pending() > 0)
    const ids = [...due.moved]
    due.moved.clear()
    await intake.takeMoved(ids)
    await judge()
    barriers.turnEnded(jobs.pendingIds())
  }
  return {
    turn: async () => {
      isTurning = true
      await turn()
      isTurning = false
    },
    isTurning: () => isTurning,
    lastScanAt: () => lastScan,
  }
}
