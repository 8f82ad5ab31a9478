import { createId } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { treeKey } from './tree-keys.ts'
import { buildTree, visibleRows } from './tree.ts'

const entries = ['src/a.ts', 'src/b.ts', 'lib/x.ts', 'readme.md'].map((path): [string, FileEntry] => [
  path,
  { id: createId(), path, kind: 'text', facts: undefined },
])
const rows = visibleRows(buildTree(new Map(entries)), new Set(['src']))
// lib, src, src/a.ts, src/b.ts, readme.md
const press = (key: string, at: number, typed = { text: '', at: -9999 }, now = 0) =>
  treeKey(key, { rows, at, page: 3, typed }, now)

test('[S189] arrows move, open and close, and lead to the parent', () => {
  expect(press('ArrowDown', 4)).toEqual({ focus: 4 })
  expect(press('ArrowRight', 0)).toEqual({ toggle: ['lib'] })
  expect(press('ArrowRight', 1)).toEqual({ focus: 2 })
  expect(press('ArrowLeft', 3)).toEqual({ focus: 1 })
  expect(press('ArrowLeft', 1)).toEqual({ toggle: ['src'] })
  expect(press('*', 1)).toEqual({ toggle: ['lib'] })
  expect(press('PageDown', 0)).toEqual({ focus: 3 })
})

test('[S189] letters typed in one go make one word', () => {
  const typed = { text: '', at: -9999 }
  expect(press('r', 0, typed, 0)).toEqual({ focus: 4 })
  expect(press('e', 4, typed, 100)).toEqual({ focus: 4 })
  expect(press('s', 4, typed, 2000)).toEqual({ focus: 1 })
  expect(press('Shift', 0)).toBeUndefined()
})
