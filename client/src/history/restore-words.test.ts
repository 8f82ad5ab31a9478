import { createId } from '@tandem/shared'
import { expect, test } from 'vitest'
import { restoredWords, restoreWords } from './restore-words.ts'

const then = { version: 1_200, when: 'today at 14:03' }
const a = { path: 'src/a.ts', existed: true }
const b = { path: 'b.ts', existed: false }

test('[UI-65] what a restore will do is said for one file, some files and everything', () => {
  expect(restoreWords({ ...then, pairs: [a] })).toBe(
    'src/a.ts gets back the text it had at version 1,200 (today at 14:03).',
  )
  expect(restoreWords({ ...then, pairs: [b] })).toBe(
    'b.ts did not exist at version 1,200 (today at 14:03): it is deleted.',
  )
  expect(restoreWords({ ...then, pairs: [a, a, b] })).toBe(
    '2 files get back the text of version 1,200 (today at 14:03); 1 file that did not exist then is deleted.',
  )
  expect(restoreWords({ ...then, differing: 3 })).toBe(
    '3 files will change, so that the whole workspace is as it was at version 1,200 (today at 14:03). What was made since is deleted, what was deleted since comes back.',
  )
  expect(restoreWords({ ...then, differing: 0 })).toBe(
    'Nothing differs from version 1,200 (today at 14:03): nothing will change.',
  )
})

test('[UI-65] what it did is said, and where both sides were kept', () => {
  const files = [{ fileId: createId(), path: 'a', change: 'edited' as const }]
  expect(restoredWords({ files, conflicts: [] })).toBe('Restored 1 file.')
  expect(restoredWords({ files: [], conflicts: [] })).toBe('Nothing differed: nothing was changed.')
  expect(restoredWords({ files, conflicts: ['a', 'b', 'c', 'd', 'e'] })).toBe(
    'Restored 1 file. Both sides were kept in a, b, c and 2 more.',
  )
})
