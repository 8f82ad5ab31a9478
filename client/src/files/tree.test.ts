import { createId } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { buildTree, filesBelow, findByTyping, parentsOf, visibleRows } from './tree.ts'

const tree = (...paths: string[]) =>
  buildTree(
    new Map(
      paths.map((path): [string, FileEntry] => {
        const kind = path.endsWith('/') ? 'dir' : 'text'
        const plain = path.replace(/\/$/, '')
        return [plain, { id: createId(), path: plain, kind, facts: undefined }]
      }),
    ),
  )
const names = (rows: ReturnType<typeof visibleRows>) => rows.map((r) => '  '.repeat(r.depth) + r.node.name)

test('[S185] folders come first, then names, with numbers by value', () => {
  const root = tree('b.ts', 'a10.ts', 'a2.ts', 'src/z.ts', 'Makefile')
  expect(names(visibleRows(root, new Set()))).toEqual(['src', 'a2.ts', 'a10.ts', 'b.ts', 'Makefile'])
})

test('[S185] an open folder shows its children, indented, and tells their place', () => {
  const root = tree('src/a/one.ts', 'src/two.ts', 'z.ts')
  const rows = visibleRows(root, new Set(['src', 'src/a']))
  expect(names(rows)).toEqual(['src', '  a', '    one.ts', '  two.ts', 'z.ts'])
  expect(rows[3]).toMatchObject({ position: 2, siblings: 2, depth: 1 })
})

test('[S188] folders follow from paths; empty ones are entries of their own', () => {
  const root = tree('empty/', 'full/', 'full/x.ts')
  expect(names(visibleRows(root, new Set(['full'])))).toEqual(['empty', 'full', '  x.ts'])
  expect(
    filesBelow(root)
      .map((f) => f.path)
      .toSorted(),
  ).toEqual(['empty', 'full', 'full/x.ts'])
})

test('[S189] typing finds the next name that begins so, going round', () => {
  const rows = visibleRows(tree('alpha', 'beta', 'bravo', 'gamma'), new Set())
  expect(findByTyping(rows, 0, 'b')).toBe(1)
  expect(findByTyping(rows, 1, 'b')).toBe(2)
  expect(findByTyping(rows, 2, 'b')).toBe(1)
  expect(findByTyping(rows, 1, 'br')).toBe(2)
  expect(findByTyping(rows, 0, 'x')).toBe(-1)
})

test('[S193] the folders that lead to a file', () => {
  expect(parentsOf('a/b/c.ts')).toEqual(['a/b', 'a'])
  expect(parentsOf('c.ts')).toEqual([])
})
