import { createId } from '@tandem/shared'
import { expect, test } from 'vitest'
import { maxAnswers } from './answers.ts'
import { refereeForTest } from './in-memory.suite.ts'

const daemon = createId()

test('[MIR-36] the first answer to what a mirror asks counts; it needs the role editor, and is in the audit', async () => {
  const { asks, start, ops, audited, clock } = refereeForTest()
  const referee = start()
  const [viewer, editor] = [asks(referee, 'commenter'), asks(referee, 'editor')]
  const question = createId()
  const refused = await viewer.ask({ kind: 'answer', daemon, question, answer: 'delete' })
  expect(ops.answers.get(question)).toBeUndefined()
  await editor.ask({ kind: 'answer', daemon, question, answer: 'restore' })
  const late = await editor.ask({ kind: 'answer', daemon, question, answer: 'delete' })
  const { id: by, name: byName } = editor.by
  expect(ops.answers.get(question)).toEqual({ id: question, daemon, answer: 'restore', by, byName, at: clock.now() })
  expect(audited).toEqual([
    `request.answer.refused ${refused}`,
    `mirror.answer ${question}`,
    `request.answer.refused ${late}`,
  ])
})

test('[MIR-36] answers are dropped after a month, and not kept without end', async () => {
  const { asks, start, ops, clock } = refereeForTest()
  const { ask } = asks(start(), 'editor')
  const answer = async (question = createId()) => {
    await ask({ kind: 'answer', daemon, question, answer: 'dismiss' })
    return question
  }
  const old = await answer()
  clock.advance(1_000)
  const young = await answer()
  clock.advance(30 * 24 * 3_600_000)
  const newest = await answer()
  expect([...ops.answers.snapshot().keys()].toSorted()).toEqual([young, newest].toSorted())
  expect(ops.answers.get(old)).toBeUndefined()
  while (ops.answers.snapshot().size < maxAnswers) await answer()
  expect(ops.answers.get(await answer())).toBeUndefined()
  clock.advance(1_001)
  // Room for one, now that the young one is old.
  expect(ops.answers.get(await answer())).toBeDefined()
})
