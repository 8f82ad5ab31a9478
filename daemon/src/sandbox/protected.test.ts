import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findProtectedPaths } from './protected.ts'

let workspace: string
beforeEach(() => void (workspace = mkdtempSync(join(tmpdir(), 'tandem-protected-'))))
afterEach(() => rmSync(workspace, { recursive: true }))

const make = (...paths: string[]) => {
  for (const path of paths) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true })
    writeFileSync(join(workspace, path), '')
  }
}
const find = (protect: string[] = [], hide = ['.env', '.env.*']) => {
  const found = findProtectedPaths(workspace, { protect, hide })
  const relative = (paths: readonly string[]) => paths.map((path) => path.slice(workspace.length + 1)).toSorted()
  return { pinned: relative(found.pinned), readOnly: relative(found.readOnly), hidden: relative(found.hidden) }
}

test('[SBX-21] a repository without a hooks folder gets one, since only what exists can be held', () => {
  make('.git/config', '.git/HEAD')
  expect(find()).toMatchObject({ pinned: ['.git'], readOnly: ['.git/config', '.git/hooks'] })
  expect(existsSync(join(workspace, '.git/hooks'))).toBe(true)
})

test('what is not there is not protected, what the policy names is', () => {
  make('.vscode/settings.json', 'ci/deploy.sh')
  expect(find(['ci', 'nothing'])).toEqual({ pinned: [], readOnly: ['.vscode', 'ci'], hidden: [] })
})

test('[SBX-87] secrets are found anywhere but where tools keep their own', () => {
  make('.env', '.env.production', '.env.example', '.environment', 'a/b/.env', 'node_modules/x/.env', 'xenv')
  expect(find().hidden).toEqual(['.env', '.env.production', 'a/b/.env'])
  expect(find([], ['*.pem']).hidden).toEqual([])
  expect(find([], []).hidden).toEqual([])
})

test('links are never followed', () => {
  make('real/.env')
  symlinkSync(join(workspace, 'real'), join(workspace, 'linked'))
  symlinkSync('/etc', join(workspace, '.vscode'))
  expect(find()).toEqual({ pinned: [], readOnly: [], hidden: ['real/.env'] })
})

test('the file that stands for .git in a worktree is read-only', () => {
  make('.git')
  expect(find()).toMatchObject({ pinned: [], readOnly: ['.git'] })
})
