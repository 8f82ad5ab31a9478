import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFolderIndex } from './folder-index.ts'
import { findProtectedPaths } from './protected.ts'

let workspace: string
beforeEach(() => void (workspace = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-protected-')))))
afterEach(() => rmSync(workspace, { recursive: true }))

const make = (...paths: string[]) => {
  for (const path of paths) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true })
    writeFileSync(join(workspace, path), '')
  }
}
const find = async (protect: string[] = []) => {
  const found = findProtectedPaths(workspace, { protect, found: await createFolderIndex(() => false).find(workspace) })
  const relative = (paths: readonly string[]) => paths.map((path) => path.slice(workspace.length + 1)).toSorted()
  return { pinned: relative(found.pinned), readOnly: relative(found.readOnly), awaited: relative(found.awaited) }
}

test('[SBX-22] of a repository, all that runs programs is held, and hooks kept elsewhere too', async () => {
  make(
    '.git/config',
    '.git/hooks/x',
    '.git/commondir',
    '.git/info/attributes',
    '.git/objects/x',
    'tools/hooks/pre-commit',
  )
  writeFileSync(join(workspace, '.git/config'), '[core]\n\thooksPath = tools/hooks\n')
  expect(await find()).toMatchObject({
    pinned: ['.git'],
    readOnly: ['.git/commondir', '.git/config', '.git/hooks', '.git/info/attributes', 'tools/hooks'],
  })
})

test('what the policy names must lie in the workspace', async () => {
  make('a/x')
  expect((await find(['a', '..', '../other', '/etc', 'a/../..', ''])).readOnly).toEqual(['a'])
})

test('what is not there is not protected, what the policy names is', async () => {
  make('.vscode/settings.json', 'ci/deploy.sh')
  expect(await find(['ci', 'nothing'])).toEqual({ pinned: [], readOnly: ['.vscode', 'ci'], awaited: ['nothing'] })
})

test('links are never followed', async () => {
  make('real/.env')
  symlinkSync(join(workspace, 'real'), join(workspace, 'linked'))
  symlinkSync('/etc', join(workspace, '.vscode'))
  // A bind would show what lies behind the link.
  symlinkSync(join(workspace, 'real'), join(workspace, '.git'))
  make('real/config')
  expect(await find(['linked/.env'])).toEqual({ pinned: [], readOnly: [], awaited: [] })
})

test('the file that stands for .git in a worktree is read-only', async () => {
  make('.git')
  expect(await find()).toMatchObject({ pinned: [], readOnly: ['.git'] })
})

test('[SBX-232] what lies below is held as well: settings of editors, and of repositories what runs programs', async () => {
  make(
    'packages/x/.vscode/tasks.json',
    'sub/.git/HEAD',
    'sub/.git/config',
    'sub/.git/hooks/x',
    'wt/.git',
    'bare/HEAD',
    'bare/refs/x',
  )
  make('bare/config', 'sub/.git/modules/a/b/HEAD', 'sub/.git/modules/a/b/refs/x', 'sub/.git/modules/a/b/config')
  make('sub/.git/worktrees/w/HEAD', 'sub/.git/worktrees/w/commondir', 'sub/.git/worktrees/w/index')
  expect((await find()).readOnly).toEqual([
    'bare/config',
    'packages/x/.vscode',
    'sub/.git/config',
    'sub/.git/hooks',
    'sub/.git/modules/a/b/config',
    'sub/.git/worktrees/w/commondir',
    'wt/.git',
  ])
})

test('[SBX-232] more than can be held is refused in words', async () => {
  make(...Array.from({ length: 501 }, (_, i) => `${i}/.envrc`))
  await expect(find()).rejects.toThrow(/501 folders and files.*serve a smaller folder/)
})
