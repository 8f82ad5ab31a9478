import type { Id } from '@tandem/shared'
import type { Mirroring } from '../context.ts'
import { forgetConfirmation, judgeVanished, rootTrouble } from './mass-deletion.ts'
import { createQuestions, type Questions } from './questions.ts'
import type { Report } from '../told/report.ts'
import { deleteVanished, restoreVanished } from './vanished.ts'

export type Judge = {
  /** Judges what vanished, all together, once no more of it comes; true where that made or left the mirror halted. */
  judge(): Promise<boolean>
  /** What somebody says to the question that is open; false where it is to another. */
  answer: Questions['answer']
}

type JudgeOptions = {
  /** Files no longer where they were, and since when it is known; those that are judged are taken out. */
  vanished: Map<Id, number>
  /** Whether it was found under another name, and that is still to be dealt with. */
  isFound: (id: Id) => boolean
  /** Whether the whole folder was looked at since it is known to be gone, and what asks for another look. */
  isSought: (id: Id) => boolean
  wantScan: () => void
  report: Pick<Report, 'halted' | 'halt'>
  pokeAfter: (ms: number) => void
}

/** A file that is moved is gone for a moment. */
const quietMs = 500

/** Decides what becomes of files that are gone, and whether the mirror may go on. */
export function createJudge(
  m: Mirroring,
  { vanished, isFound, isSought, wantScan, report, pokeAfter }: JudgeOptions,
): Judge {
  const questions = createQuestions(m.clock)
  forgetConfirmation(m.root)
  const lastAt = () => {
    let last = 0
    for (const at of vanished.values()) last = Math.max(last, at)
    return last
  }
  return {
    answer: questions.answer,
    judge: async () => {
      for (const id of vanished.keys()) if (!m.shadows.get(id)) vanished.delete(id)
      if (vanished.size === 0) {
        questions.withdraw()
        return false
      }
      const sinceMs = m.clock.now() - lastAt()
      if (!m.inHaste() && sinceMs < quietMs) {
        pokeAfter(quietMs - sinceMs)
        return report.halted() !== undefined
      }
      if (![...vanished.keys()].every(isSought)) {
        // Under another name it may lie anywhere, and what tells of that may be late.
        wantScan()
        return report.halted() !== undefined
      }
      const trouble = rootTrouble(m.root)
      if (trouble !== undefined) {
        report.halt(trouble)
        return true
      }
      const found = await judgeVanished(m, [...vanished.keys()], questions)
      if ('question' in found) {
        report.halt(found.reason, found)
        return true
      }
      const take = (ids: readonly Id[]) => ids.filter((id) => !isFound(id) && !m.locks.busy(id) && vanished.delete(id))
      await deleteVanished(m, take(found.delete))
      await restoreVanished(m, take(found.restore))
      return false
    },
  }
}
