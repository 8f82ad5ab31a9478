import { execFileSync } from 'node:child_process'
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
  const ignore = createIgnore(root)
  const found = await scanFolder(root, ignore)
  return { paths: [...found.files.keys()].toSorted(), hidden: Object.fromEntries(found.hidden), ignore }
}

test('[S179] [MIR-64] outputs, dependencies, secrets, hidden files and git’s own are not shared', async () => {
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

test('[MIR-64] hidden files stay home, but for the ordinary ones of a project', async () => {
  const { paths, hidden } = await scan({
    '.github/workflows/ci.yml': '',
    '.github/.npmrc': '',
    '.editorconfig': '',
    '.eslintrc.json': '',
    '.prettierrc': '',
    '.npmrc': '//registry/:_authToken=x',
    '.ssh/config': '',
    '.husky/pre-commit': '',
    '.vscode/tasks.json': '',
    '.envrc': '',
    '.mcp.json': '',
    '.tandemignore': '',
    '.eslintrc-old/x': '',
  })
  expect(paths).toEqual(['.editorconfig', '.eslintrc.json', '.github/workflows/ci.yml', '.prettierrc'])
  expect(hidden).toEqual({ 'hidden files': 9, 'symbolic links': 1 })
})

test('[MIR-64] who owns the folder may share hidden files by .tandemignore, but no secrets', async () => {
  const { paths, hidden, ignore } = await scan({
    '.tandemignore': '!.vscode\n!.npmrc\n!.env\n!*.pem\n!.git\n!.tandem\n!id_rsa\n',
    '.vscode/tasks.json': '',
    '.npmrc': '',
    '.env': '',
    '.ENV.local': '',
    'cert/server.pem': '',
    'server.KEY': '',
    id_rsa: '',
    'id_ed25519.pub': '',
    '.git/config': '',
    'src/keys.ts': '',
    'src/id.ts': '',
  })
  expect(paths).toEqual(['.npmrc', '.vscode/tasks.json', 'src/id.ts', 'src/keys.ts'])
  expect(hidden).toEqual({ '.env': 2, keys: 4, '.git': 1, 'hidden files': 1, 'symbolic links': 1 })
  expect(ignore.reason('.tandem/x', false)).toBe('.tandem')
})

test('a pipe or a link named like an ignore file is none, and is not waited for', async () => {
  const root = mkdtempSync(join(tmpdir(), 'tandem-ignore-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  execFileSync('sh', ['-c', 'mkfifo .gitignore'], { cwd: root })
  writeFileSync(join(root, 'rules'), 'a.txt\n')
  symlinkSync('rules', join(root, '.tandemignore'))
  writeFileSync(join(root, 'a.txt'), '')
  const found = await scanFolder(root, createIgnore(root))
  expect([...found.files.keys()].toSorted()).toEqual(['a.txt', 'rules'])
})
