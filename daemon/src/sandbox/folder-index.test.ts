import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFolderIndex } from './folder-index.ts'
import { secretNames } from './secrets.ts'

let root: string
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'tandem-secrets-'))))
afterEach(() => rmSync(root, { recursive: true }))
const make = (...paths: string[]) => {
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), '')
  }
}
const finder = (now?: () => number) => {
  const index = createFolderIndex(secretNames(['.env', '.env.*']), now)
  return async () => {
    const { secrets } = await index.find(root)
    return secrets.map((path) => path.slice(root.length + 1)).toSorted()
  }
}

test('[SBX-201] secrets are found anywhere but where tools keep their own', async () => {
  make(
    '.env',
    '.env.production',
    '.env.example',
    '.environment',
    'a/b/.env',
    'node_modules/x/.env',
    'xenv',
    'real/.env',
  )
  symlinkSync(join(root, 'real'), join(root, 'linked'))
  expect(await finder()()).toEqual(['.env', '.env.production', 'a/b/.env', 'real/.env'])
  expect((await createFolderIndex(secretNames([])).find(root)).secrets).toEqual([])
})

test('[SBX-201] what comes and goes later is seen, though unchanged folders are not read again', async () => {
  const find = finder(() => Date.now() + 60_000)
  make('a/x', 'b/x')
  expect(await find()).toEqual([])
  const before = statSync(join(root, 'a')).ctimeMs
  make('a/.env')
  // Within one tick of its clock the file system shows no change; commands come later than that, here we force it.
  while (statSync(join(root, 'a')).ctimeMs === before) chmodSync(join(root, 'a'), 0o755)
  utimesSync(join(root, 'a'), 1, 1)
  expect(await find()).toEqual(['a/.env'])
  rmSync(join(root, 'a'), { recursive: true })
  expect(await find()).toEqual([])
})

test('[SBX-231] what others would obey is found at any depth, links too; repositories also where tools keep their own', async () => {
  // oxfmt-ignore
  make(
    '.envrc', 'a/b/.vscode/tasks.json', 'a/.tandemignore', 'node_modules/x/.vscode/x', 'sub/.git/HEAD', 'sub/.git/refs/x',
    'bare/HEAD', 'bare/refs/x', 'linked/HEAD', 'linked/commondir', 'node_modules/y/HEAD', 'node_modules/y/refs/x', '.tandem/quarantine/t/.envrc',
  )
  symlinkSync('/etc', join(root, 'a/.idea'))
  const relative = (paths: readonly string[]) => paths.map((path) => path.slice(root.length + 1)).toSorted()
  const index = createFolderIndex(() => false)
  expect(relative((await index.find(root)).obeyed)).toEqual([
    '.envrc',
    '.tandem',
    'a/.idea',
    'a/.tandemignore',
    'a/b/.vscode',
  ])
  expect(relative((await index.find(root)).repositories)).toEqual(['bare', 'linked', 'sub/.git'])
  const everywhere = await index.findEverywhere(root)
  expect(relative(everywhere.obeyed)).toEqual(relative((await index.find(root)).obeyed))
  expect(relative(everywhere.repositories)).toEqual(['bare', 'linked', 'node_modules/y', 'sub/.git'])
})

test('[SBX-352] a search through many folders lets others have their turn', async () => {
  make(...Array.from({ length: 1_000 }, (_, i) => `${i}/.env`))
  const index = createFolderIndex(secretNames(['.env']))
  let turns = 0
  const count = setInterval(() => turns++, 1)
  const found = index.find(root)
  const { secrets } = await found
  clearInterval(count)
  expect(secrets).toHaveLength(1_000)
  expect(turns).toBeGreaterThan(0)
})
