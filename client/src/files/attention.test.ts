import { createId } from '@tandem/shared'
import { openFiles, type MirrorAlert, type MirrorConflict } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { alertWords } from './alert-words.ts'
import { attentionLine } from './attention-words.ts'
import { conflictMarks } from './conflict-marks.ts'

test('[UI-130] what needs a look is counted, the worst first', () => {
  const line = (halted: number, conflicts: number, alerts: number) =>
    attentionLine({
      halted: Array.from({ length: halted }),
      conflicts: Array.from({ length: conflicts }),
      alerts: Array.from({ length: alerts }),
    } as Parameters<typeof attentionLine>[0])
  expect(line(1, 2, 1)).toBe('Sync halted · 2 conflicts · 1 alert')
  expect(line(0, 1, 0)).toBe('1 conflict')
  expect(line(0, 0, 0)).toBeUndefined()
})

test('[UI-130] a conflict marks its file, where it is now, and the folders above it', () => {
  const files = openFiles(new Y.Doc())
  const id = files.create('old/a.txt', 'text')
  files.create('b.txt', 'text')
  files.move(id, 'src/deep/a.txt')
  const conflict = (path: string, file?: string): MirrorConflict => ({
    id: createId(),
    kind: 'lines',
    path,
    at: 1,
    record: 'r',
    sides: {},
    ...(file !== undefined && { file }),
  })
  const marks = conflictMarks([conflict('old/a.txt', id), conflict('b.txt'), conflict('gone.txt')], files.snapshot())
  expect(Object.fromEntries(marks)).toEqual({ 'src/deep/a.txt': 1, 'src/deep': 1, src: 1, 'b.txt': 1 })
})

test('[UI-135] an alert says what is wrong and what to do, in the machine’s words or else in ours', () => {
  const alert = (kind: MirrorAlert['kind'], fix?: string): MirrorAlert => ({
    kind,
    says: 'it cannot be\u202e read',
    at: 1,
    ...(fix !== undefined && { fix }),
  })
  expect(alertWords(alert('unreadable', 'chmod it'))).toEqual({
    says: 'It cannot be⟨U+202E⟩ read.',
    fix: 'Chmod it.',
  })
  expect(alertWords({ ...alert('clash'), path: 'a.MD', says: 'a.MD is left alone.' }).says).toBe('a.MD is left alone.')
  for (const kind of ['watch-limit', 'watcher', 'clash', 'unwritable', 'unreadable', 'refused'] as const)
    expect(alertWords(alert(kind)).fix).toMatch(/^[A-Z].*\.$/)
})
