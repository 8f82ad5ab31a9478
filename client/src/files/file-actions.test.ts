import { createId } from '@tandem/shared'
import { openFiles } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { create, move, remove } from './file-actions.ts'

function workspace(...paths: string[]) {
  const files = openFiles(new Y.Doc())
  for (const path of paths) files.create(path, 'text')
  return { files, paths: () => [...files.snapshot().byPath.keys()].toSorted() }
}

test('[UI-32] a folder moves with all that is in it', () => {
  const { files, paths } = workspace('src/a.ts', 'src/deep/b.ts', 'srcs.ts')
  expect(move(files, 'src', 'lib')).toEqual({})
  expect(paths()).toEqual(['lib/a.ts', 'lib/deep/b.ts', 'srcs.ts'])
  expect(move(files, 'lib', 'lib/deep/lib').refused).toBe('A folder cannot move into itself.')
})

test('[UI-33] a name that is taken, also in other letters, is refused in words', () => {
  const { files } = workspace('README.md', 'src/a.ts')
  expect(create(files, 'readme.md', 'text').refused).toBe('There is already readme.md in this workspace.')
  expect(create(files, 'README.md/x', 'text').refused).toBe('README.md is a file, not a folder.')
  expect(move(files, 'README.md', 'readme.md')).toEqual({})
  expect(create(files, 'src', 'text').refused).toBe('There is already src in this workspace.')
})

test('[UI-34] a path that leaves the workspace or is protected never enters the index', () => {
  const { files, paths } = workspace()
  expect(create(files, '../x', 'text').refused).toBe('A path leaves the workspace.')
  expect(create(files, '.git/hooks/x', 'text').refused).toBe('A path is inside .git or .tandem.')
  expect(paths()).toEqual([])
})

test('[UI-35] undo of a deletion brings back exactly what it took', () => {
  const { files, paths } = workspace('src/a.ts', 'src/b.ts', 'c.ts')
  const { count, undo } = remove(files, 'src', createId(), 1, () => undefined)
  expect([count, paths()]).toEqual([2, ['c.ts']])
  undo()
  expect(paths()).toEqual(['c.ts', 'src/a.ts', 'src/b.ts'])
})
