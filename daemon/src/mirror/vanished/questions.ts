import { createId, type Clock, type Id } from '@tandem/shared'
import type { Answer, MirrorQuestion } from '@tandem/shared/docs'

/** What somebody says to the question that is open. */
export type Verdict = { answer: 'delete' | 'restore'; files: ReadonlySet<Id> }

export type Questions = {
  isOpen(): boolean
  /** Asks about these files, of so many. The same again, or fewer of them, is the same question; more is another. */
  ask(files: ReadonlyMap<Id, string>, total: number): MirrorQuestion
  /** It is not asked any more: what is answered to it from now on does nothing. */
  withdraw(): void
  /** Takes an answer to the open question; false where it is to another, or makes no sense here. */
  answer(id: string, answer: Answer['answer']): boolean
  /** The answer, once. */
  take(): Verdict | undefined
}

const examples = 20

/** The one question that a mirror may have open. It dies with the process: who answers later answers nothing. */
export function createQuestions(clock: Clock): Questions {
  let open: { question: MirrorQuestion; files: ReadonlySet<Id> } | undefined
  let verdict: Verdict | undefined
  return {
    isOpen: () => open !== undefined,
    ask: (files, total) => {
      // Nobody has agreed to what was not shown yet.
      const same = open && [...files.keys()].every((id) => open?.files.has(id)) ? open.question : undefined
      if (same?.count === files.size) return same
      const question: MirrorQuestion = {
        id: same?.id ?? createId(),
        kind: 'deletions',
        count: files.size,
        total,
        examples: [...files.values()].toSorted().slice(0, examples),
        at: same?.at ?? clock.now(),
      }
      open = { question, files: new Set(files.keys()) }
      if (!same) verdict = undefined
      return question
    },
    withdraw: () => {
      open = undefined
      verdict = undefined
    },
    answer: (id, answer) => {
      if (open?.question.id !== id || answer === 'dismiss' || verdict) return false
      verdict = { answer, files: open.files }
      return true
    },
    take: () => {
      const taken = verdict
      if (taken) open = verdict = undefined
      return taken
    },
  }
}
