import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Ready } from '@tandem/shared'
import { processesBelow } from './processes.ts'
import { until } from './until.ts'

const cli = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url))
/** Should the test itself be killed, what it started ends too. */
const endWithParent = new URL('../../../scripts/bootstrap/end-with-parent.mjs', import.meta.url).href

type StartOptions = {
  /** What the folder holds at the start, by path. */
  files?: Readonly<Record<string, string>>
  folder?: string
  dataDir?: string
  port?: number
  args?: readonly string[]
  env?: Readonly<Record<string, string>>
}
export type Ended = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }

export type Tandem = {
  ready: Ready
  folder: string
  dataDir: string
  port: number
  read(path: string): string | undefined
  /** Saves as an editor does that writes in place. */
  write(path: string, text: string): void
  /** Saves as an editor does that writes beside and renames. */
  replace(path: string, text: string): void
  /** The process of one of the two programs, now. */
  pidOf(program: 'server' | 'daemon'): number | undefined
  /** Log lines of a program so far. */
  log(program: 'server' | 'daemon'): string
  /** REST with the owner's key. */
  api(path: string, init?: RequestInit): Promise<Response>
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>
}

/** Runs the command and resolves with how it ended. */
export async function runTandem(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return launch(args, env).ended
}

/** A new folder, removed with everything in it by `removeTemp`. */
export function tempFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-flow-')))
  temps.push(folder)
  for (const [path, text] of Object.entries(files)) save(join(folder, path), text)
  return folder
}
const temps: string[] = []
export const removeTemp = (): void =>
  temps.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true }))

/** Starts `tandem up` on a folder and resolves when everything is in place. */
export async function startTandem(options: StartOptions = {}): Promise<Tandem> {
  const folder = options.folder ?? tempFolder(options.files)
  const dataDir = options.dataDir ?? tempFolder()
  const args = [
    'up',
    folder,
    '--data',
    dataDir,
    '--json',
    '--no-open',
    '--port',
    String(options.port ?? 0),
    ...(options.args ?? []),
  ]
  const run = launch(args, options.env)
  endAfterTest(run)
  const ready = await readyOf(run)
  const programOf = (program: string) =>
    processesBelow(ready.pid).find(({ command }) => command.includes(`${program}/src/main.ts`))?.pid
  const tandem: Tandem = {
    ready,
    folder,
    dataDir,
    port: Number(new URL(ready.apiUrl).port),
    read: (path) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined),
    write: (path, text) => save(join(folder, path), text),
    replace: (path, text) => {
      const beside = join(folder, dirname(path), '.saving~')
      save(beside, text)
      renameSync(beside, join(folder, path))
    },
    pidOf: programOf,
    log: (program) => {
      const file = join(dataDir, 'log', `${program}.log`)
      return existsSync(file) ? readFileSync(file, 'utf8') : ''
    },
    api: (path, init = {}) =>
      fetch(new URL(path, ready.apiUrl), {
        ...init,
        headers: { authorization: `Bearer ${ready.token}`, ...(init.headers as Record<string, string>) },
      }),
    stop: (signal = 'SIGTERM') => {
      run.kill(signal)
      return run.ended
    },
  }
  return tandem
}

const runs = new Set<ReturnType<typeof launch>>()
/** Has `cleanUp` end it, should nobody else. */
export function endAfterTest(run: ReturnType<typeof launch>): void {
  runs.add(run)
  void run.ended.then(() => runs.delete(run))
}

/** Ends whatever a test left running, and removes what it made: for `afterEach`. */
export async function cleanUp(): Promise<void> {
  await Promise.all([...runs].map((run) => (run.kill('SIGTERM'), run.ended)))
  removeTemp()
}

/** What `tandem up --json` says once everything is in place; throws, with all it said so far, where it never does. */
async function readyOf(run: ReturnType<typeof launch>): Promise<Ready> {
  let timer: NodeJS.Timeout | undefined
  const why = (what: string) => new Error(`${what} before everything was in place:\n${run.stderr()}`)
  try {
    const line = await Promise.race([
      run.firstLine,
      run.ended.then(({ code }) => Promise.reject(why(`tandem ended with ${code}`))),
      new Promise<never>((_, reject) => (timer = setTimeout(() => reject(why('45 s went by')), 45_000))),
    ])
    return Ready.parse(JSON.parse(line))
  } finally {
    clearTimeout(timer)
  }
}

/** Kills a program outright and waits until its supervisor has started it again. */
export async function killAndAwaitReturn(tandem: Tandem, program: 'server' | 'daemon'): Promise<void> {
  const before = tandem.pidOf(program)
  if (before === undefined) throw new Error(`there is no ${program}`)
  process.kill(before, 'SIGKILL')
  await until(`the ${program} is back`, () => {
    const now = tandem.pidOf(program)
    return now !== undefined && now !== before
  })
}

/** Runs the command as its own process; it ends with the test. */
export function launch(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['--import', endWithParent, cli, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const { stdout: out, stderr: err } = child
  if (!out || !err) throw new Error('its output is not piped')
  let [stdout, stderr] = ['', '']
  err.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const firstLine = new Promise<string>((resolve) => {
    createInterface({ input: out }).on('line', (line) => {
      stdout += line + '\n'
      resolve(line)
    })
  })
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return {
    pid: child.pid ?? 0,
    firstLine,
    ended,
    stderr: () => stderr,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
  }
}

/** Writes a file, its folders made where missing. */
export function save(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
