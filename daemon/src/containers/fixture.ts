import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import { createId, silentLog, type Clock } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { commandIdentity } from '../sandbox/identity.ts'
import { defaultLimits } from '../sandbox/limits.ts'
import { findCli, type Cli } from './cli.ts'
import { createContainers, type Containers, type ContainersOptions } from './containers.ts'

/** An engine to be tried: the environment that leads to it, and an image of it that has Node. */
export type Engine = { readonly environment: NodeJS.ProcessEnv; readonly image: string; remove(): void }

/** Puts the stand-in where a daemon finds it, which bounds memory or not. For tests. */
export function standIn({ isBounded = true } = {}): Engine {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-engine-')))
  const program = join(folder, 'podman')
  const words = [
    process.execPath,
    '--no-warnings',
    fileURLToPath(new URL('stand-in.ts', import.meta.url)),
    ...(isBounded ? [] : ['--unbounded']),
  ]
  writeFileSync(program, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`, { mode: 0o755 })
  return {
    environment: { PATH: `${folder}:/usr/bin:/bin`, XDG_RUNTIME_DIR: folder, SOME_API_KEY: 'CANARY' },
    image: 'any',
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Whether Podman itself is to be tried: it takes minutes and more than the tests install, so it has to be asked for. */
export const triesPodman = env.TANDEM_PODMAN === '1'

/**
 * Podman itself, with a store of its own and an image made of this machine's own programs: none is fetched. It has to be
 * installed, with runc or crun, and this user to be root. For tests.
 */
export function realPodman(): Engine {
  const runtime = ['runc', 'crun'].find((name) => existsSync(join('/usr/bin', name)))
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/podman') || runtime === undefined)
    throw new Error('Podman is tried by root alone, where it is: apt-get install podman runc')
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-engine-')))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const environment = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    SOME_API_KEY: 'CANARY',
    CONTAINERS_STORAGE_CONF: file(
      'storage.conf',
      `[storage]\ndriver = "vfs"\ngraphroot = "${folder}/store"\nrunroot = "${folder}/run"\n`,
    ),
    CONTAINERS_CONF: file(
      'containers.conf',
      `[engine]\nruntime = "${runtime}"\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n`,
    ),
  }
  const programs = ['bash', 'cat', 'env', 'id', 'mv', 'setsid', 'sh', 'sleep'].map((name) => join('/usr/bin', name))
  const libraries = [process.execPath, ...programs].flatMap((path) =>
    [...execFileSync('/usr/bin/ldd', [path], { encoding: 'utf8' }).matchAll(/\/\S+/g)].map(([library]) => library),
  )
  const words = ['-C', '/', '-ch', `--transform=s,^${process.execPath.slice(1)}$,usr/bin/node,`]
  const paths = [...new Set([process.execPath, ...programs, ...libraries])].map((path) => path.slice(1))
  const input = execFileSync('tar', [...words, ...paths], { maxBuffer: 2 ** 30 })
  execFileSync('/usr/bin/podman', ['import', '-', 'tandem-test:1'], {
    input,
    env: environment,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  return {
    environment,
    image: 'localhost/tandem-test:1',
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export type Bed = {
  readonly workspace: string
  readonly machine: ContainersOptions['machine']
  readonly cli: Cli
  /** As a daemon would, each in a session of its own. */
  open(options?: { clock?: Clock; signal?: AbortSignal; bootId?: string }): Containers
  /** The names of the containers that there are. */
  names(): Promise<string[]>
  remove(): void
}

/** A folder that is not root's, with something to hide and to protect in it. */
export function createBed({ environment, image }: Engine): Bed {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-contained-')))
  const workspace = join(base, 'root, "it"')
  chmodSync(base, 0o755)
  // oxfmt-ignore
  const files = { '.env': 'CANARY', '.vscode/settings.json': '{}', '.git/config': '', '.git/hooks/one': '', '.tandem/mirror': 'CANARY', 'a.txt': 'a' }
  const made = new Set([workspace])
  for (const [path, text] of Object.entries(files)) {
    const file = join(workspace, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    for (const each of [dirname(file), file]) made.add(each)
  }
  if (process.getuid?.() === 0) for (const path of made) chownSync(path, 12_345, 12_345)
  const machine = {
    ...{ workspace, identity: commandIdentity(workspace), limits: { ...defaultLimits, graceMs: 0 } },
    ...{ protect: [], hide: ['.env'], hostEnvironment: environment, log: silentLog },
  }
  const cli = findCli(environment, workspace)
  if (!cli) throw new Error('there is no engine')
  return {
    workspace,
    machine,
    cli,
    open: ({ clock = fakeClock(), signal = new AbortController().signal, bootId = createId() } = {}) =>
      createContainers({ cli, image, cpus: 1, machine, bootId, clock, signal }),
    names: async () => {
      const { stdout } = await cli.ask('ps', '-a', '--filter', 'label=tandem.folder', '--format', '{{.Names}}')
      return stdout.split('\n').filter((name) => name !== '')
    },
    remove: () => rmSync(base, { recursive: true, force: true }),
  }
}
