import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { env } from 'node:process'
import { readPolicy } from '@tandem/daemon/policy'
import { openRunner } from '@tandem/daemon/runner'
import { silentLog } from '@tandem/shared'
import { pause } from './pause.ts'
import type { Row } from './stats.ts'

const commands = 40
const few = 5
/** So that what is made ready for the next is. */
const restMs = 150
const limitMb = 512

/** What the walls cost, and how soon what must end has ended. Each beside the same without walls, in one run. */
export async function sandbox(): Promise<Row[]> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-bench-')))
  const workspace = join(base, 'root')
  mkdirSync(workspace)
  const stop = new AbortController()
  try {
    const { policy } = readPolicy({ environment: { HOME: base }, workspace })
    const how = { workspace, policy, environment: env, unsafe: false, signal: stop.signal, log: silentLog }
    const { runner, probe } = await openRunner(how)
    if (probe.tier !== 'full') throw new Error(`${probe.reason}. ${probe.fix}`)
    const run: Run = (shellLine, limits = {}, more = {}) =>
      runner.runCommand({ shellLine, cwd: workspace, limits, onChunk: () => {}, ...more })
    return [
      ...(await overhead(run, workspace)),
      await timeouts(run),
      await memory(run),
      await survivors(workspace),
      await project(run, base, workspace),
      await manyFiles(run, workspace),
    ]
  } finally {
    stop.abort()
    rmSync(base, { recursive: true, force: true })
  }
}

type Run = (
  line: string,
  limits?: object,
  more?: object,
) => Promise<{ startedAt: number; endedAt: number; exitCode: number | null }>

const bare = (line: string, cwd: string) =>
  new Promise((resolve) => spawn('/bin/bash', ['-c', line], { cwd, stdio: 'ignore' }).once('exit', resolve))

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work()
  return performance.now() - from
}

/** Of people's commands and agents', that come one by one, of those that come at once, and of those that were granted a host. */
async function overhead(run: Run, workspace: string): Promise<Row[]> {
  const [apart, atOnce, granted, raw]: [number[], number[], number[], number[]] = [[], [], [], []]
  for (let i = 0; i < commands; i++) {
    await pause(restMs)
    apart.push(await timed(() => run('true')))
    atOnce.push(await timed(() => run('true')))
    raw.push(await timed(() => bare('true', workspace)))
    await pause(restMs)
    granted.push(await timed(() => run('true', {}, { egress: noProxy })))
  }
  const floor = { what: 'without walls', samples: raw }
  return [
    { what: 'a command, from asked for to its end', samples: apart, floor, note: 'goal 15 above' },
    { what: 'the same, right after another', samples: atOnce, floor },
    { what: 'the same, granted a host', samples: granted, floor, note: 'goal 40 above' },
  ]
}

/** Somebody listens, and nobody asks. */
const noProxy = {
  ports: [],
  environment: {},
  open: async (folder: string) => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(folder, 'out'), resolve))
    return () => new Promise<void>((resolve) => server.close(() => resolve()))
  },
}

/** For how long others of the daemon's wait while a large folder is looked through. */
async function manyFiles(run: Run, workspace: string): Promise<Row> {
  for (let i = 0; i < 2_000; i++) {
    const folder = join(workspace, `many/${i}`)
    mkdirSync(folder, { recursive: true })
    for (let k = 0; k < 50; k++) writeFileSync(join(folder, `${k}.txt`), '')
  }
  const samples: number[] = []
  for (let i = 0; i < few; i++) {
    let [longest, from] = [0, performance.now()]
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - from)
      from = performance.now()
    }, 1)
    await run('true')
    clearInterval(timer)
    samples.push(longest)
  }
  return { what: 'longest stop of the daemon, in a folder of 100,000 files', samples, note: 'the first is the longest' }
}

async function timeouts(run: Run): Promise<Row> {
  const samples: number[] = []
  const wallMs = 200
  for (let i = 0; i < few; i++) {
    const { startedAt, endedAt } = await run('trap "" TERM; sleep 60 & sleep 60', { wallMs, graceMs: 0 })
    samples.push(endedAt - startedAt - wallMs)
  }
  return { what: 'its time is over -> all of it dead', samples, note: 'deaf to TERM, no grace' }
}

async function memory(run: Run): Promise<Row> {
  const samples: number[] = []
  for (let i = 0; i < few; i++) {
    const mark = `--bench-${process.pid}-${i}`
    const eat = `node -e 'const a = []; setInterval(() => a.push(Buffer.alloc(2 ** 24, 1)), 5)' -- ${mark}`
    let peak = 0
    const timer = setInterval(() => (peak = Math.max(peak, memoryMb(mark))), 5)
    await run(eat, { memMb: limitMb, wallMs: 20_000 })
    clearInterval(timer)
    samples.push(peak)
  }
  return { what: `memory at its end, MB, of a limit of ${limitMb}`, samples, note: '16 MB more each 5 ms; not ms' }
}

/** Of the daemon that is killed, until nothing of its command runs any more. */
async function survivors(workspace: string): Promise<Row> {
  const samples: number[] = []
  for (let i = 0; i < few; i++) {
    const mark = `9${process.pid}${i}`
    const script = `
      const { openRunner } = await import(${JSON.stringify(import.meta.resolve('@tandem/daemon/runner'))})
      const { readPolicy } = await import(${JSON.stringify(import.meta.resolve('@tandem/daemon/policy'))})
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      const workspace = ${JSON.stringify(workspace)}
      const { policy } = readPolicy({ environment: { HOME: '/nonexistent' }, workspace })
      const { runner } = await openRunner({ workspace, policy, environment: process.env, unsafe: false, log })
      await runner.runCommand({ shellLine: 'trap "" TERM HUP; setsid sleep ${mark} & sleep ${mark}', cwd: workspace, onChunk() {} })`
    const daemon = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })
    const alive = () => pidsOf((line) => line.endsWith(`\0${mark}\0`)).length
    while (alive() < 2) await pause(10)
    samples.push(
      await timed(async () => {
        daemon.kill('SIGKILL')
        while (alive() > 0) await pause(2)
      }),
    )
  }
  return { what: 'the daemon is killed -> nothing of its command runs', samples }
}

/** Packages from files: the network is no part of it. */
async function project(run: Run, base: string, workspace: string): Promise<Row> {
  const [samples, raw]: [number[], number[]] = [[], []]
  const line = 'rm -rf node_modules package-lock.json && npm install --no-audit --no-fund --silent && npm test --silent'
  const outside = join(base, 'outside')
  for (const folder of [workspace, outside]) makeProject(folder)
  // npm's own cache is cold inside each time; it is so outside too.
  const cold = `npm_config_cache=$(mktemp -d) bash -c '${line}'`
  for (let i = 0; i < few; i++) {
    raw.push(await timed(() => bare(cold, outside)))
    samples.push(
      await timed(async () => {
        const { exitCode } = await run(line, { wallMs: 120_000 })
        if (exitCode !== 0) throw new Error(`npm install and test ended with ${exitCode}`)
      }),
    )
  }
  return { what: 'npm install and npm test, 40 packages', samples, floor: { what: 'without walls', samples: raw } }
}

function makeProject(folder: string): void {
  const names = Array.from({ length: 40 }, (_, i) => `p${i}`)
  const dependencies = Object.fromEntries(names.map((name) => [name, `file:./packages/${name}`]))
  const scripts = { test: 'node --test' }
  const files: Record<string, string> = {
    'package.json': JSON.stringify({ name: 'bench', private: true, scripts, dependencies }),
    '.npmrc': 'install-links=true\n',
  }
  for (const name of names) {
    files[`packages/${name}/package.json`] = JSON.stringify({ name, version: '1.0.0', main: 'index.js' })
    for (let i = 0; i < 25; i++) files[`packages/${name}/lib/${i}.js`] = `exports.n = ${i}\n`.repeat(20)
    files[`packages/${name}/index.js`] = `module.exports = require('./lib/1.js')\n`
    files[`test/${name}.test.js`] = `require('node:test')('${name}', () => require('${name}'))\n`
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

const pidsOf = (wanted: (line: string) => boolean): string[] =>
  readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && wanted(read(`/proc/${pid}/cmdline`)))

/** Of the processes with that mark. */
const memoryMb = (mark: string): number =>
  pidsOf((line) => line.endsWith(`\0${mark}\0`))
    .map((pid) => Number(/^RssAnon:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024)
    .reduce((sum, each) => sum + each, 0)

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // it ended while we looked
  }
}
