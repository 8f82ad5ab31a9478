import { createId } from '@tandem/shared'
import type { MirrorQuestion } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { answerSentence, goneSentence } from './question-words.ts'

const question: MirrorQuestion = { id: createId(), kind: 'deletions', count: 43, total: 60, examples: [], at: 1 }
const on = { id: createId(), name: 'mira-laptop', isHere: true, state: undefined }
const open = { on, reason: undefined, question, answer: undefined, asked: undefined }
const me = createId()
const answer = { id: question.id, daemon: on.id, answer: 'restore', by: createId(), byName: 'Ben', at: 1 } as const

test('[UI-133] what is gone is said with its number', () => {
  expect(goneSentence(question, 'mira-laptop')).toBe('43 of 60 files are gone from the folder on mira-laptop.')
  expect(goneSentence({ ...question, count: 60 }, 'desk')).toBe('All 60 files are gone from the folder on desk.')
})

test('[UI-133] the answer says who gave it and what happens next', () => {
  expect(answerSentence(open, me)).toBeUndefined()
  expect(answerSentence({ ...open, asked: 'delete' }, me)).toMatch(/^Your answer is on its way/)
  expect(answerSentence({ ...open, answer }, me)).toBe(
    'Ben chose to put them back on disk. mira-laptop puts them back on disk now…',
  )
  // Whoever chose it also chose the name.
  expect(answerSentence({ ...open, answer: { ...answer, byName: 'Ben\u202e' } }, me)).toMatch(/^Ben⟨U\+202E⟩ chose/)
  expect(
    answerSentence({ ...open, on: { ...on, isHere: false }, answer: { ...answer, by: me, answer: 'delete' } }, me),
  ).toBe('You chose to delete them for everybody. mira-laptop deletes them for everybody once it is back.')
})
