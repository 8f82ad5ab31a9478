import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRig, type Rig } from './testing/rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

/** Nothing of the machine's own configuration, and no hooks. The call blocks the whole daemon while git works. */
const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.org', '-c', 'gc.auto=0', ...args], {
    cwd: rig.folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', GIT_EDITOR: 'true' },
  })
const commit = (message: string) => {
  git('add', '-A')
  git('commit', '-qm', message)
}
const onDisk = (): Map<string, string> =>
  new Map(
    readdirSync(rig.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(rig.folder.length + 1))
      .filter((path) => !/^\.(git|tandem)\//.test(path))
      .toSorted()
      .map((path) => [path, readFileSync(join(rig.folder, path), 'utf8')]),
  )
const shared = (): Map<string, string> => {
  const { byPath } = rig.server.files.snapshot()
  const texts = [...byPath].filter(([, { kind }]) => kind === 'text')
  const byName = texts.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return new Map(byName.map(([path, { id }]) => [path, rig.server.text(id)]))
}
/** Thousands of files on a machine that does much else. */
const longMs = 120_000
/** By the watcher alone: no barrier has the folder looked at. */
async function untilShared(path: string, text: string | undefined) {
  const end = Date.now() + longMs / 2
  while (rig.server.at(path) !== text) {
    if (Date.now() > end) throw new Error(`${path} never was ${text}:\n${rig.lines.slice(-20).join('\n')}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test(
  '[MIR-38] a switch to a branch with 2,000 other files, the daemon blocked meanwhile, and back: equal each time, nothing missed',
  async () => {
    git('init', '-q', '-b', 'main')
    for (let i = 0; i < 1_200; i++) rig.write(`src/p${i % 30}/f${i}.ts`, `${i}\n`)
    commit('one')
    git('checkout', '-qb', 'other')
    for (let i = 0; i < 600; i++) rig.write(`src/p${i % 30}/f${i}.ts`, `${i} on the other branch\n`)
    for (let i = 0; i < 900; i++) rig.write(`lib/q${i % 30}/g${i}.ts`, `${i}\n`)
    for (let i = 1_100; i < 1_200; i++) rmSync(join(rig.folder, `src/p${i % 30}/f${i}.ts`))
    commit('two')
    git('checkout', '-q', 'main')
    const mirror = await rig.start()
    const id = rig.server.id('src/p0/f0.ts')
    expect(shared()).toEqual(onDisk())

    git('checkout', '-q', 'other')
    await untilShared('lib/q29/g899.ts', '899\n')
    await untilShared('src/p29/f599.ts', '599 on the other branch\n')
    await untilShared('src/p0/f1110.ts', undefined)
    expect(shared()).toEqual(onDisk())
    expect(shared().size).toBe(2_000)
    expect(rig.server.id('src/p0/f0.ts')).toBe(id)

    git('checkout', '-q', 'main')
    await untilShared('src/p0/f1110.ts', '1110\n')
    await untilShared('lib/q29/g899.ts', undefined)
    await mirror.settle()
    expect(shared()).toEqual(onDisk())
    expect(git('status', '--porcelain', '-uno')).toBe('')
  },
  longMs,
)

test('[MIR-39] a rebase of 50 commits, a stash and a clean end equal on both sides, and as git meant it', async () => {
  git('init', '-q', '-b', 'main')
  rig.write('.gitignore', '.tandem\n')
  for (let i = 0; i < 10; i++) rig.write(`f${i}.ts`, Array.from({ length: 20 }, (_, n) => `${i}.${n}\n`).join(''))
  commit('base')
  git('checkout', '-qb', 'work')
  for (let i = 0; i < 50; i++) {
    const file = `f${i % 10}.ts`
    const line = Math.floor(i / 10)
    rig.write(file, rig.read(file).replace(`${i % 10}.${line}\n`, `${i % 10}.${line} work ${i}\n`))
    git('commit', '-qam', `work ${i}`)
  }
  git('checkout', '-q', 'main')
  for (let i = 0; i < 10; i++) rig.write(`f${i}.ts`, rig.read(`f${i}.ts`).replace(`${i}.19\n`, `${i}.19 main\n`))
  commit('main')
  git('checkout', '-q', 'work')
  const mirror = await rig.start()
  const id = rig.server.id('f3.ts')

  git('rebase', '-q', 'main')
  await rig.until(() => rig.server.at('f9.ts')?.includes('9.19 main') === true)
  await mirror.settle()
  expect(shared()).toEqual(onDisk())
  expect(rig.server.at('f3.ts')).toContain('3.0 work 3\n')
  expect(rig.server.at('f3.ts')).toContain('3.19 main\n')
  expect(rig.server.id('f3.ts')).toBe(id)
  expect(git('status', '--porcelain', '-uno')).toBe('')

  rig.write('f0.ts', 'stashed\n')
  rig.write('junk.ts', 'junk\n')
  await untilShared('junk.ts', 'junk\n')
  git('stash', '-q')
  await rig.until(() => rig.server.at('f0.ts')?.includes('0.19 main') === true)
  git('clean', '-qfd')
  await untilShared('junk.ts', undefined)
  git('stash', 'pop', '-q')
  await untilShared('f0.ts', 'stashed\n')
  await mirror.settle()
  expect(shared()).toEqual(onDisk())
  expect(mirror.state.snapshot().conflicts).toEqual([])
})

test('[MIR-73] what lies there while git holds its lock is not taken in, by a barrier neither', async () => {
  git('init', '-q')
  rig.write('a.ts', 'one\n')
  const mirror = await rig.start()
  const lock = join(rig.folder, '.git/index.lock')
  writeFileSync(lock, '')
  rig.write('a.ts', 'half of it\n')
  const settled = mirror.settle()
  const seen: (string | undefined)[] = []
  const stop = rig.server.files.subscribe(() => seen.push(rig.server.at('a.ts')))
  rig.server.takeUpdates()
  rig.write('a.ts', 'two\n')
  await rig.until(() => rig.lines.some((line) => line.includes('mirror waits for git')))
  expect(rig.server.takeUpdates()).toEqual([])
  rmSync(lock)
  await settled
  stop()
  expect(rig.server.at('a.ts')).toBe('two\n')
  expect(rig.server.takeUpdates()).toHaveLength(1)
})

test('[MIR-73] a lock that a dead git left behind is waited for once, in a worktree too', async () => {
  mkdirSync(join(rig.folder, 'elsewhere'))
  rig.write('.git', 'gitdir: elsewhere\n')
  rig.write('elsewhere/index.lock', '')
  await rig.start()
  rig.write('a.ts', 'one\n')
  await untilShared('a.ts', 'one\n')
  rig.write('a.ts', 'two\n')
  await untilShared('a.ts', 'two\n')
  expect(existsSync(join(rig.folder, 'elsewhere/index.lock'))).toBe(true)
  expect(rig.lines.filter((line) => line.includes('mirror waits for git'))).toHaveLength(1)
  expect(rig.lines.filter((line) => line.includes('git left its lock behind'))).toHaveLength(1)
})
