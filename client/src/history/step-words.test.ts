import { createId, type FileChange } from '@tandem/shared'
import { expect, test } from 'vitest'
import { stepWords } from './step-words.ts'

const author = { id: createId(), name: 'Mira', kind: 'person' } as const
const file = (path: string, change: FileChange['change'], from?: string): FileChange => ({
  fileId: createId(),
  path,
  change,
  ...(from !== undefined && { from }),
})
const words = (...files: FileChange[]) => stepWords({ files, more: 0, author })

test('[UI-63] a step in words: one file by its name, many by their number', () => {
  expect(words(file('src/a.ts', 'edited'))).toBe('edited src/a.ts')
  expect(words(file('src/b.ts', 'moved', 'src/a.ts'))).toBe('moved src/a.ts to b.ts')
  expect(words(file('lib/a.ts', 'moved', 'src/a.ts'))).toBe('moved src/a.ts to lib/a.ts')
  expect(words(file('a.ts', 'restored'))).toBe('brought back a.ts')
  expect(words(file('a', 'created'), file('b', 'created'))).toBe('created 2 files')
  expect(words(file('a', 'created'), file('b', 'edited'), file('c', 'edited'))).toBe('changed 3 files')
  expect(stepWords({ files: [file('a', 'created')], more: 1_200, author })).toBe('changed 1,201 files')
  expect(words()).toBe('changed no file’s text')
})

test('[UI-63] a restore says so, and no name looks like another one', () => {
  const restoring = { ...author, cause: { restoredFrom: 12 } }
  expect(stepWords({ files: [file('a.ts', 'edited')], more: 0, author: restoring })).toBe(
    'restored a.ts from version 12',
  )
  expect(stepWords({ files: [file('a', 'edited'), file('b', 'created')], more: 0, author: restoring })).toBe(
    'restored 2 files from version 12',
  )
  expect(words(file('a\u202etxt.exe', 'deleted'))).toBe('deleted a⟨U+202E⟩txt.exe')
})
