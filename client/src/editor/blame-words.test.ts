import { createId, type Author } from '@tandem/shared'
import { expect, test } from 'vitest'
import { hoverWords, lineWords, unknownAuthor, type Writer } from './blame-words.ts'

const now = new Date('2026-11-21T15:00:00').getTime()
const me = createId()
const mira: Author = { id: createId(), name: 'Mira', kind: 'person' }
const told = (main: Writer, others: Writer[] = [], at: number | undefined = now - 3_600_000) => ({
  blame: { main, others, parts: [] },
  at,
  now,
  me,
  tasks: new Map(),
})

test('[UI-72] a line’s author, time, cause and who else wrote in it, in one sentence', () => {
  expect(lineWords(3, told({ ...mira, id: me }, [mira]))).toBe('Line 3: You, today at 14:00; also Mira')
  expect(lineWords(3, told({ ...mira, cause: { restoredFrom: 1_200 } }, [mira]))).toBe(
    'Line 3: Mira, today at 14:00, restored from version 1,200',
  )
  expect(lineWords(3, told({ id: createId(), name: 'laptop', kind: 'disk', cause: { task: createId() } }))).toBe(
    'Line 3: laptop (folder), today at 14:00, by a task',
  )
  expect(lineWords(3, { ...told(unknownAuthor), at: undefined })).toBe(
    'Line 3: Somebody, not known until the server says',
  )
  expect(lineWords(9, undefined)).toBe('Line 9: nothing yet')
})

test('[UI-72] nobody’s name is markup', () => {
  expect(hoverWords(told({ ...mira, name: '[x](https://evil.test) <b>' }))).toBe(
    '**\\[x\\]\\(https\\://evil\\.test\\) \\<b\\>** · today at 14\\:00',
  )
})
