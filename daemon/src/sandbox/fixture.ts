import { execFileSync } from 'node:child_process'
import { env as hostEnv } from 'node:process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { silentLog } from '@tandem/shared'
import type { Command, CommandResult, Program, Runner } from './command.ts'
import type { Limits } from './limits.ts'
import { describeMachine, openRunner } from './open-runner.ts'
import { defaultPolicy, type Policy } from './policy.ts'
import { probeReduced, type Probe } from './probe.ts'
import { createReducedRunner } from './reduced.ts'

/** The content of every file, variable and answer that must never be seen inside. */
export const canary = 'CANARY-7f3a'

export type Ran = CommandResult & { readonly stdout: string; readonly stderr: string }
type Extras = Partial<Pick<Command, 'id' | 'cwd' | 'limits' | 'env' | 'signal' | 'writable' | 'onChunk' | 'egress'>>

/** A folder with a workspace in it, and around it what an attacker would like to have. For tests. */
export type Bed = {
  readonly base: string
  readonly workspace: string
  readonly outside: string
  readonly home: string
  readonly policy: Policy
  readonly runner: Runner
  readonly probe: Probe
  run(command: string | Program, extras?: Extras): Promise<Ran>
  remove(): void
}

type BedOptions = {
  owner?: number | undefined
  unsafe?: boolean
  limits?: Partial<Limits>
  /** Behind the walls of a place where nobody may open namespaces, wherever this is. */
  reduced?: boolean
}

/** Builds a test bed. `owner` (root alone may ask) gives everything in it to that user, as whom commands then run. */
export async function createBed({
  owner,
  unsafe = false,
  limits = {},
  reduced = false,
}: BedOptions = {}): Promise<Bed> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-bed-')))
  const [workspace, outside, home] = [join(base, 'root'), join(base, 'outside'), join(base, 'home')]
  // oxfmt-ignore
  const files = {
    'outside/secret': canary, 'root-evil/secret': canary, 'home/.bashrc': '# mine\n', 'home/.ssh/id_ed25519': canary,
    'home/.aws/credentials': canary, 'home/.npmrc': canary, 'root/a.txt': 'hello\n', 'root/.env': canary, 'root/packages/x/.env.local': canary,
    'root/.env.example': 'NAME=\n', 'root/.vscode/settings.json': '{}\n', 'root/.gitignore': '.env*\n',
  }
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(base, path)), { recursive: true })
    writeFileSync(join(base, path), content)
  }
  symlinkSync(outside, join(workspace, 'link-out'))
  git(workspace, 'init', '-q', '-b', 'main')
  git(workspace, 'add', 'a.txt')
  git(workspace, '-c', 'user.name=x', '-c', 'user.email=x@example.org', 'commit', '-qm', 'first')
  chmodSync(base, 0o755)
  if (owner !== undefined) giveTo(base, owner)

  const environment = {
    ...hostEnv,
    HOME: home,
    SOME_API_KEY: canary,
    PLAIN: canary,
    NODE_OPTIONS: '--no-deprecation',
    BASH_ENV: '/x',
    LD_LIBRARY_PATH: '/x',
    SSH_AUTH_SOCK: '/x',
  }
  const policy = { ...defaultPolicy, limits: { ...defaultPolicy.limits, ...limits } }
  const asked = { workspace, policy, environment, log: silentLog }
  const stop = new AbortController()
  const { runner, probe } = reduced
    ? await openReduced(asked)
    : await openRunner({ ...asked, unsafe, signal: stop.signal })

  const run = async (command: string | Program, extras: Extras = {}): Promise<Ran> => {
    const output = { stdout: '', stderr: '' }
    const onChunk = (stream: 'stdout' | 'stderr', bytes: Buffer) => void (output[stream] += bytes.toString())
    const program = typeof command === 'string' ? { shellLine: command } : command
    const result = await runner.runCommand({ cwd: workspace, onChunk, ...program, ...extras })
    return { ...result, ...output }
  }
  return {
    base,
    workspace,
    outside,
    home,
    policy,
    runner,
    probe,
    run,
    remove: () => {
      stop.abort()
      rmSync(base, { recursive: true, force: true })
    },
  }
}

async function openReduced(asked: Parameters<typeof describeMachine>[0]): Promise<{ runner: Runner; probe: Probe }> {
  const machine = describeMachine(asked)
  const probe = await probeReduced(machine)
  if (!probe.reduced) throw new Error(`${probe.reason}. ${probe.fix}`)
  return { runner: createReducedRunner(machine, probe.reduced), probe }
}

function git(folder: string, ...args: string[]): void {
  const env = { PATH: hostEnv.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' }
  execFileSync('git', args, { cwd: folder, env, stdio: 'ignore' })
}

function giveTo(path: string, uid: number): void {
  if (!lstatSync(path).isSymbolicLink()) chownSync(path, uid, uid)
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) giveTo(join(path, name), uid)
}
