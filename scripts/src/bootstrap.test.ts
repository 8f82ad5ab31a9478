import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { root } from './stage.ts'

// The bootstrap is plain JavaScript for any Node; it is tested from outside, as processes.

let folder = ''
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tandem-bootstrap-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs `code` with everything a bootstrap module exports in scope; lines of stdout come one at a time. */
function withModule(module: string, code: string, env: Record<string, string> = {}) {
  const url = pathToFileURL(join(root, 'scripts/bootstrap', module)).href
  const program = `import * as module from ${JSON.stringify(url)}\n${code}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return {
    child,
    ended,
    line: async () => ((await lines.next()) as IteratorResult<string, undefined>).value,
    json: async () => JSON.parse((await lines.next()).value as string) as unknown,
  }
}

/** A program that reports every signal and ends, with 7, at the word given. */
const reporter = (endAt: string) => `
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGUSR2']) process.on(signal, () => {
    process.stdout.write(signal + '\\n')
    if (signal === '${endAt}') process.exit(7)
  })
  setInterval(() => {}, 1e9)
  process.stdout.write('ready ' + process.pid + '\\n')
`

function runReporter(endAt: string) {
  writeFileSync(join(folder, 'program.mjs'), reporter(endAt))
  return withModule(
    'run.mjs',
    `process.exitCode = await module.run(process.cwd(), process.execPath, [process.cwd() + '/program.mjs'])`,
  )
}

test('[OPS-2] each signal reaches the program once, however often npm repeats it, and its exit code is ours', async () => {
  const { child, line, ended } = runReporter('SIGTERM')
  expect(await line()).toMatch(/^ready/)
  child.kill('SIGINT')
  expect(await line()).toBe('SIGINT')
  child.kill('SIGINT') // npm passing on what the terminal has told everyone already
  child.kill('SIGTERM')
  expect(await line()).toBe('SIGTERM')
  expect(await ended).toBe(7)
})

test('[OPS-2] should the bootstrap be killed outright, the program is asked to end', async () => {
  const { child, line } = runReporter('SIGTERM')
  expect(await line()).toMatch(/^ready/)
  child.kill('SIGKILL')
  expect(await line()).toBe('SIGTERM')
})

test.each([
  ['20.20.2', false],
  ['22.21.0', false],
  ['22.22.0', true],
  ['23.11.0', false],
  ['24.0.0', true],
  ['25.1.0', false],
])('[OPS-3] Node %s runs our sources as they stand: %s', async (version, fits) => {
  const { json } = withModule('node.mjs', `console.log(module.fits('v${version}'))`)
  expect(await json()).toBe(fits)
})

test('[OPS-4] what npm says of the network is passed on, what it says of its own run is not', async () => {
  const { json } = withModule(
    'child.mjs',
    `console.log(JSON.stringify([module.childEnv(), module.childEnv(process.execPath)]))`,
    {
      PATH: [join(folder, 'node_modules/.bin'), '/npm/lib/node-gyp-bin', '/my/bin', '/other/node_modules/.bin'].join(
        ':',
      ),
      npm_config_registry: 'https://packages.example.org',
      npm_config_https_proxy: 'http://proxy.example.org',
      npm_config_prefix: '/usr',
      npm_config_json: 'true',
      npm_lifecycle_event: 'start',
      npm_package_json: '/x/package.json',
      HOME: '',
    },
  )
  const [env, withNode] = (await json()) as [Record<string, string>, Record<string, string>]
  expect(Object.keys(env).toSorted()).toEqual(['PATH', 'npm_config_https_proxy', 'npm_config_registry'])
  expect(env['PATH']).toBe('/my/bin:/other/node_modules/.bin')
  expect(withNode['PATH']).toBe(`${dirname(process.execPath)}:/my/bin:/other/node_modules/.bin`)
})

test('[OPS-5] two set-ups of one checkout take turns, and one that was killed is not waited for', async () => {
  // Holds the lock until told to let go.
  const code = (name: string) => `
    const told = new Promise((resolve) => process.once('SIGUSR2', resolve))
    const alive = setInterval(() => {}, 1e9)
    await module.holdingLock(process.cwd(), () => (console.log('${name}'), told))
    clearInterval(alive)
    console.log('end')`
  const first = withModule('lock.mjs', code('first'))
  expect(await first.line()).toBe('first')
  const second = withModule('lock.mjs', code('second'))
  first.child.kill('SIGKILL')
  expect(await second.line()).toBe('second')
  second.child.kill('SIGUSR2')
  expect(await second.line()).toBe('end')
  expect(await second.ended).toBe(0)
  expect(readdirSync(join(folder, '.toolchain'))).toEqual([])
})

test('[OPS-5] of two that find a dead lock, the second leaves the first one’s new lock alone', async () => {
  const { json } = withModule(
    'lock.mjs',
    `import { readFileSync, writeFileSync } from 'node:fs'
     writeFileSync('lock', 'new')
     module.takeAway('lock', 'dead')
     const left = readFileSync('lock', 'utf8')
     module.takeAway('lock', left)
     module.takeAway('lock', left)
     console.log(JSON.stringify(left))`,
  )
  expect(await json()).toBe('new')
  expect(readdirSync(folder)).toEqual([])
})

test('[OPS-6] a hash sees names and contents, and not what is built or installed', async () => {
  const { json } = withModule(
    'hash.mjs',
    `import { mkdirSync, writeFileSync, renameSync } from 'node:fs'
     mkdirSync('a/dist', { recursive: true })
     const hashes = []
     const note = () => hashes.push(module.hashOf('.', ['a', 'missing']))
     writeFileSync('a/x', '1'); note()
     writeFileSync('a/dist/y', '1'); note()
     writeFileSync('a/x', '2'); note()
     renameSync('a/x', 'a/z'); note()
     console.log(JSON.stringify(hashes))`,
  )
  const [first, built, edited, renamed] = (await json()) as string[]
  expect(built).toBe(first)
  expect(new Set([first, edited, renamed]).size).toBe(3)
})

/** What stands for the system's package manager: it writes down what it is asked. */
const stub = (name: string) => writeFileSync(join(folder, name), `#!/bin/sh\necho "$@" >> asked\n`, { mode: 0o755 })

const isDebianRoot = process.getuid?.() === 0 && existsSync('/etc/debian_version')
test.runIf(process.platform === 'linux')(
  '[SBX-371] bubblewrap is installed where it may be, once, and else it is said what to type',
  async () => {
    const start = async (PATH: string, args: string[] = []) => {
      rmSync(join(folder, 'asked'), { force: true })
      const { ended, json } = withModule(
        'system.mjs',
        `const said = []
         process.stderr.write = (line) => said.push(line)
         await module.ensureForStart(${JSON.stringify(args)})
         console.log(JSON.stringify(said.join('')))`,
        { PATH },
      )
      const said = (await json()) as string
      await ended
      const asked = existsSync(join(folder, 'asked')) ? readFileSync(join(folder, 'asked'), 'utf8') : ''
      return { said, asked }
    }
    // Nothing that could install it.
    expect(await start(join(folder, 'nowhere'))).toEqual({
      said: expect.stringContaining('Commands will be refused'),
      asked: '',
    })
    for (const name of ['dnf', 'apt-get']) stub(name)
    const ran = await start(folder)
    const fix = 'sudo apt-get install -y bubblewrap'
    expect(ran).toEqual(
      isDebianRoot
        ? { said: expect.not.stringContaining('refused'), asked: expect.stringMatching(/^install -y .*bubblewrap\n$/) }
        : { said: expect.stringContaining(fix), asked: '' },
    )
    expect(await start(folder, ['--unsafe-no-sandbox'])).toEqual({ said: '', asked: '' })
    stub('bwrap')
    expect(await start(folder)).toEqual({ said: '', asked: '' })
  },
)
