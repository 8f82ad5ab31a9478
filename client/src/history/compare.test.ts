import { createId, type FileChange, type Step } from '@tandem/shared'
import { openFiles } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { pairsOf, pairsSince } from './compare.ts'

const stepOf = (...files: FileChange[]): Step => ({
  seq: 20,
  before: 10,
  from: 0,
  to: 0,
  author: { id: createId(), name: 'Mira', kind: 'person' },
  entries: 1,
  files,
  more: 0,
})
const file = (path: string, change: FileChange['change'], from?: string): FileChange => ({
  fileId: createId(),
  path,
  change,
  ...(from !== undefined && { from }),
})

test('[UI-64] a step’s files before and after it, under their paths of then', () => {
  const step = stepOf(
    file('made', 'created'),
    file('new', 'moved', 'old'),
    file('gone', 'deleted'),
    file('back', 'restored'),
  )
  expect(pairsOf(step).map(({ before, after }) => [before, after])).toEqual([
    [undefined, { version: 20, path: 'made' }],
    [
      { version: 10, path: 'old' },
      { version: 20, path: 'new' },
    ],
    [{ version: 10, path: 'gone' }, undefined],
    [undefined, { version: 20, path: 'back' }],
  ])
})

test('[UI-64] against now: what was moved, deleted or brought back since', () => {
  const files = openFiles(new Y.Doc())
  const ids = files.transact(() => ['stays', 'moves', 'goes'].map((path) => files.create(path, 'text')), 'test')
  const [stays, moves, goes] = ids as [string, string, string]
  files.transact(() => {
    files.move(moves, 'moved')
    files.remove(goes, { by: createId(), at: 1 })
  }, 'test')
  const step = stepOf(
    { fileId: stays, path: 'stays', change: 'edited' },
    { fileId: moves, path: 'moves', change: 'created' },
    { fileId: goes, path: 'goes', change: 'edited' },
    { fileId: stays, path: 'stays', change: 'deleted' },
    file('never-here', 'deleted'),
  )
  expect(pairsSince(step, files.snapshot()).map(({ change, before, after }) => [change, before, after])).toEqual([
    ['edited', { version: 20, path: 'stays' }, { version: 'head', path: 'stays' }],
    ['moved', { version: 20, path: 'moves' }, { version: 'head', path: 'moved' }],
    ['deleted', { version: 20, path: 'goes' }, undefined],
    ['restored', undefined, { version: 'head', path: 'stays' }],
    ['none', undefined, undefined],
  ])
})
