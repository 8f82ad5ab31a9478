import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSecretFinder, secretNames } from './secrets.ts'

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
  const find = createSecretFinder(['.env', '.env.*'], now)
  return () =>
    find(root)
      .map((path) => path.slice(root.length + 1))
      .toSorted()
}

test('[SBX-201] secrets are found anywhere but where tools keep their own', () => {
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
  expect(finder()()).toEqual(['.env', '.env.production', 'a/b/.env', 'real/.env'])
  expect(createSecretFinder([])(root)).toEqual([])
})

test('[SBX-201] what comes and goes later is seen, though unchanged folders are not read again', () => {
  const find = finder(() => Date.now() + 60_000)
  make('a/x', 'b/x')
  expect(find()).toEqual([])
  const before = statSync(join(root, 'a')).ctimeMs
  make('a/.env')
  // Within one tick of its clock the file system shows no change; commands come later than that, here we force it.
  while (statSync(join(root, 'a')).ctimeMs === before) chmodSync(join(root, 'a'), 0o755)
  utimesSync(join(root, 'a'), 1, 1)
  expect(find()).toEqual(['a/.env'])
  rmSync(join(root, 'a'), { recursive: true })
  expect(find()).toEqual([])
})

test('[TSK-184] what is hidden from commands is known by its name alone', () => {
  const names = ['.env', '.env.local', '.env.example', 'db.secret', 'db.secrets']
  expect(names.filter(secretNames(['.env', '.env.*', '*.secret']))).toEqual(['.env', '.env.local', 'db.secret'])
})
