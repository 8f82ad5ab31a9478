import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createIgnore } from './ignore.ts'
import { scanFolder } from './scan.ts'

async function scan(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'tandem-ignore-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  symlinkSync('/etc/passwd', join(root, 'link'))
  const ignore = await createIgnore(root)
  const found = await scanFolder(root, ignore)
  return { paths: [...found.files.keys()].toSorted(), hidden: Object.fromEntries(found.hidden), ignore }
}

test('[S179] [MIR-64] outputs, dependencies, secrets and git’s own files are not shared; other dot files are', async () => {
  const { paths, hidden } = await scan({
    'src/a.ts': '',
    '.github/ci.yml': '',
    '.gitignore': '*.log\n',
    'x.log': '',
    '.env': '',
    '.env.local': '',
    'dist/a.js': '',
    'pkg/build/a.js': '',
    'node_modules/p/i.js': '',
    '.git/config': '',
    '.tandem/x': '',
    'a.ts~': '',
    '.a.ts.swp': '',
    build: '',
  })
  expect(paths).toEqual(['.github/ci.yml', '.gitignore', 'build', 'src/a.ts'])
  expect(hidden).toEqual({
    '.gitignore': 1,
    '.env': 2,
    dist: 1,
    build: 1,
    node_modules: 1,
    '.git': 1,
    'editor files': 2,
    'symbolic links': 1,
  })
})

test('[MIR-64] nested .gitignore files speak for what is below them; .tandemignore has the last word', async () => {
  const { paths } = await scan({
    '.gitignore': '*.gen.ts\n/only-root\n',
    'a.gen.ts': '',
    'only-root': '',
    'sub/only-root': '',
    'sub/.gitignore': '!keep.gen.ts\nlocal\n',
    'sub/keep.gen.ts': '',
    'sub/local': '',
    '.tandemignore': 'private\n!dist\n!shown.gen.ts\n',
    'private/x': '',
    'dist/a.js': '',
    'shown.gen.ts': '',
    '.git/info/exclude': 'excluded\n',
    excluded: '',
  })
  expect(paths).toEqual([
    '.gitignore',
    '.tandemignore',
    'dist/a.js',
    'shown.gen.ts',
    'sub/.gitignore',
    'sub/keep.gen.ts',
    'sub/only-root',
  ])
})

test('[MIR-64] names that no other machine could have are not shared, nor is anything below what is not shared', async () => {
  const { paths, hidden, ignore } = await scan({ 'a:b': '', 'trailing ': '', 'e\u0301.ts': '', 'ok.ts': '' })
  expect(paths).toEqual(['ok.ts'])
  expect(hidden['name']).toBe(3)
  expect(ignore.reason('node_modules/x/y.ts', false)).toBe('node_modules')
  expect(ignore.reason('a/.GIT/hooks/x', false)).toBe('.GIT')
})
