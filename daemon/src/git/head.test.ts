import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createLog, systemClock } from '@tandem/shared'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createBlobParser } from './batch.ts'
import { createHead } from './head.ts'

let base: string
let folder: string
let stop: AbortController
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-head-')))
  folder = join(base, 'folder')
  mkdirSync(folder)
  stop = new AbortController()
})
afterEach(() => {
  stop.abort()
  rmSync(base, { recursive: true, force: true })
})

const environment = { PATH: process.env['PATH'], HOME: tmpdir() }
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    cwd: folder,
    env: { ...environment, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
const write = (path: string, content: string | Uint8Array) => {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), content)
}
const commit = () => {
  git('add', '-A')
  git('commit', '-q', '-m', 'x')
}
const head = (at = folder, env: NodeJS.ProcessEnv = environment) =>
  createHead({
    folder: at,
    environment: env,
    clock: systemClock,
    log: createLog({ level: 'error', write: () => {} }),
    signal: stop.signal,
  })
const texts = (found: ReadonlyMap<string, Uint8Array>) =>
  Object.fromEntries([...found].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]))

test('[MIR-112] what was committed last is read, whatever the path is called; what is unknown is missing', async () => {
  git('init', '-q')
  const large = 'a line of some length\n'.repeat(20_000)
  const files = { 'a.ts': 'one\n', 'sub dir/ü blob 5': 'two', empty: '', 'HEAD:x missing': 'three\n', large }
  for (const [path, text] of Object.entries(files)) write(path, text)
  commit()
  write('a.ts', 'edited\n')
  write('new.ts', 'not committed\n')
  const asked = ['new.ts', ...Object.keys(files), 'sub dir', 'with\nline', '../folder/a.ts', 'gone.ts']
  expect(texts(await head()(asked))).toEqual({ ...files, '../folder/a.ts': undefined })
  // A folder within a repository reads its own part of it.
  expect(texts(await head(join(folder, 'sub dir'))(['ü blob 5', 'a.ts']))).toEqual({ 'ü blob 5': 'two' })
})

test('[MIR-112] without git, a repository or a commit, nothing is known and nothing fails', async () => {
  write('a.ts', 'one\n')
  expect((await head()(['a.ts'])).size).toBe(0)
  git('init', '-q')
  expect((await head()(['a.ts'])).size).toBe(0)
  commit()
  expect((await head(folder, { ...environment, PATH: '' })(['a.ts'])).size).toBe(0)
  expect((await head()([])).size).toBe(0)
  expect((await head()(['a.ts'])).size).toBe(1)
  stop.abort()
  expect((await head()(['a.ts'])).size).toBe(0)
})

test('[MIR-113] a hostile repository runs nothing: no program of its configuration, no hook, no git of its own, no fetch', async () => {
  git('init', '-q')
  write('a.ts', 'one\n')
  write('.gitattributes', '* filter=evil diff=evil\n')
  commit()
  const ran = join(base, 'ran')
  const evil = join(folder, 'evil')
  writeFileSync(evil, `#!/bin/sh\necho "$0 $@" >> ${ran}\n`)
  chmodSync(evil, 0o755)
  const blob = git('rev-parse', 'HEAD:a.ts').toString().trim()
  appendFileSync(
    join(folder, '.git/config'),
    `[core]\n\tfsmonitor = ${evil}\n\thooksPath = ${folder}\n\tsshCommand = ${evil}\n\tpager = ${evil}\n\talternateRefsCommand = ${evil}\n\tgitProxy = ${evil}\n\taskPass = ${evil}\n\teditor = ${evil}\n\trepositoryformatversion = 1\n` +
      `[extensions]\n\tpartialClone = origin\n[remote "origin"]\n\turl = ext::${evil}\n\tpromisor = true\n\tuploadpack = ${evil}\n\tvcs = ${evil}\n` +
      `[protocol]\n\tallow = always\n[protocol "ext"]\n\tallow = always\n[credential]\n\thelper = ${evil}\n[alias]\n\tcat-file = !${evil}\n` +
      `[filter "evil"]\n\tclean = ${evil}\n\tsmudge = ${evil}\n\tprocess = ${evil}\n\trequired = true\n[diff]\n\texternal = ${evil}\n[diff "evil"]\n\ttextconv = ${evil}\n\tcommand = ${evil}\n[pager]\n\tcat-file = ${evil}\n`,
  )
  for (const name of ['git', 'post-index-change', 'pre-auto-gc', 'reference-transaction'])
    writeFileSync(join(folder, name), `#!/bin/sh\n${evil}\n`, { mode: 0o755 })
  const env = {
    ...environment,
    PATH: [folder, '.', environment.PATH].join(delimiter),
    GIT_SSH_COMMAND: evil,
    GIT_DIR: join(folder, '.git'),
    GIT_EXTERNAL_DIFF: evil,
  }
  expect(texts(await head(folder, env)(['a.ts']))).toEqual({ 'a.ts': 'one\n' })
  // Now it is not there, and would have to be fetched.
  rmSync(join(folder, '.git/objects', blob.slice(0, 2), blob.slice(2)))
  expect((await head(folder, env)(['a.ts', '.gitattributes'])).get('a.ts')).toBeUndefined()
  expect(existsSync(ran)).toBe(false)
})

test('[MIR-113] a folder that looks like the inside of a repository is none', async () => {
  git('init', '-q')
  write('a.ts', 'one\n')
  commit()
  expect((await head(join(folder, '.git'))(['a.ts'])).size).toBe(0)
  const bare = join(base, 'bare')
  execFileSync('git', ['clone', '-q', '--bare', folder, bare], { env: environment, stdio: 'ignore' })
  expect((await head(bare)(['a.ts'])).size).toBe(0)
})

test('[MIR-112] answers are read in whatever pieces they come, and no more than is wanted', () => {
  const oid = '0'.repeat(40)
  const printed = Buffer.from(`${oid} blob 5\none\n\n\nHEAD:./b missing\n${oid} tree 3\nabc\n${oid} blob 0\n\n`)
  for (const size of [1, 2, 7, 1_000]) {
    const parser = createBlobParser(['a', 'b', 'c', 'd'], 1_000)
    for (let i = 0; i < printed.length; i += size) expect(parser.push(printed.subarray(i, i + size))).toBe(true)
    expect(texts(parser.found)).toEqual({ a: 'one\n\n', d: '' })
  }
  const parser = createBlobParser(['a'], 10)
  expect(parser.push(printed)).toBe(false)
  expect(parser.found.size).toBe(0)
})
