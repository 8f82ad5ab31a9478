// For tests: understands as much of Docker's words as is said to it, and runs the real programs, each container in
// namespaces of its own. It has no images, and bounds memory by what each process may have of it, or, asked so, not at all.
import { spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { argv, env } from 'node:process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

type Known = { pid: number; labels: string[]; uid: number; gid: number; memory: string }
const isBounded = argv[2] !== '--unbounded'
const [verb = '', ...words] = argv.slice(isBounded ? 2 : 3)
const state = join(env.XDG_RUNTIME_DIR ?? '', 'containers')
mkdirSync(state, { recursive: true })
const fileOf = (name: string) => join(state, name)
const read = (name: string) => JSON.parse(readFileSync(fileOf(name), 'utf8')) as Known

/** Of `--name value` and `-x`: those that take no value are few. */
const alone = new Set(['--rm', '-i', '-a', '-f', '-v', '--read-only', '--no-healthcheck'])
function parse(all: readonly string[]): { options: [string, string][]; rest: string[] } {
  const options: [string, string][] = []
  let at = 0
  while (all[at]?.startsWith('-')) {
    const name = all[at] ?? ''
    options.push([name, alone.has(name) ? '' : (all[at + 1] ?? '')])
    at += alone.has(name) ? 1 : 2
  }
  return { options, rest: all.slice(at) }
}
const { options, rest } = parse(words)
const valuesOf = (name: string) => options.flatMap(([each, value]) => (each === name ? [value] : []))

/** Fields between commas, quoted where that is part of one. */
const mountOf = (value: string): Record<string, string> =>
  Object.fromEntries(
    [...value.matchAll(/"((?:[^"]|"")*)"|([^,]+)/g)].map(([, quoted, plain = '']) => {
      const [key = '', of = ''] = (quoted?.replaceAll('""', '"') ?? plain).split('=')
      return [key, of]
    }),
  )

function run(): void {
  const [name = ''] = valuesOf('--name')
  const [uid = 0, gid = 0] = (valuesOf('--user')[0] ?? '').split(':').map(Number)
  const system = readdirSync('/').map((entry) => join('/', entry))
  const links = system.filter((path) => lstatSync(path).isSymbolicLink())
  const shown = [
    '/usr',
    '/etc/alternatives',
    '/etc/ld.so.cache',
    ...['/bin', '/lib', '/lib64'].filter((path) => !links.includes(path)),
  ]
  const node = dirname(dirname(process.execPath))
  const mounts = valuesOf('--mount').map(mountOf)
  const limits = options.flatMap(([key, value]) =>
    key === '--pids-limit'
      ? [`--nproc=${value}`]
      : key === '--ulimit' && !value.startsWith('nproc')
        ? [`--${value}`]
        : [],
  )
  // oxfmt-ignore
  const args = [
    '--unshare-all', '--as-pid-1', '--die-with-parent', '--hostname', 'sandbox', '--info-fd', '3', '--block-fd', '4', '--clearenv', '--setenv', 'PATH', '/node/bin:/usr/bin:/bin',
    ...shown.filter((path) => existsSync(path)).flatMap((path) => ['--ro-bind', path, path]),
    ...links.filter((path) => /^.(bin|sbin|lib\w*)$/.test(path)).flatMap((path) => ['--symlink', readlinkSync(path), path]),
    '--ro-bind', node, '/node', '--proc', '/proc',
    // Not `--dev`: that would cost a further user namespace, which could not be entered from outside.
    ...['null', 'zero', 'full', 'random', 'urandom'].flatMap((device) => ['--dev-bind', `/dev/${device}`, `/dev/${device}`]),
    '--symlink', '/proc/self/fd', '/dev/fd', '--tmpfs', '/dev/shm',
    ...valuesOf('--tmpfs').filter((value) => value.includes(':rw')).flatMap((value) => ['--tmpfs', value.split(':')[0] ?? '']),
    // As an engine does: those further out first.
    ...mounts.toSorted((a, b) => (a.target ?? '').length - (b.target ?? '').length).flatMap(({ source = '', target = '', ...more }) =>
      [source.startsWith('/dev/') ? '--dev-bind' : 'readonly' in more ? '--ro-bind' : '--bind', source, target]),
    ...valuesOf('--tmpfs').filter((value) => value.includes(':ro')).flatMap((value) => ['--tmpfs', value.split(':')[0] ?? '']),
    '--remount-ro', '/', '--', '/usr/bin/prlimit', ...limits, '--', valuesOf('--entrypoint')[0] ?? '', ...rest.slice(1),
  ]
  const owner = process.getuid?.() === 0 ? { uid, gid } : {}
  const child = spawn('/usr/bin/env', ['bwrap', ...args], {
    cwd: '/',
    stdio: ['inherit', 'inherit', 'inherit', 'pipe', 'pipe'],
    ...owner,
  })
  let text = ''
  createInterface({ input: child.stdio[3] as Readable })
    .on('line', (line) => (text += line))
    .once('close', () => {
      if (text === '') return
      const { 'child-pid': pid } = JSON.parse(text) as { 'child-pid': number }
      writeFileSync(
        fileOf(name),
        JSON.stringify({ pid, labels: valuesOf('--label'), uid, gid, memory: valuesOf('--memory')[0] }),
      )
      // Only now it goes on.
      ;(child.stdio[4] as Writable).end()
    })
  child.once('exit', (code) => {
    rmSync(fileOf(name), { force: true })
    process.exitCode = code ?? 137
  })
}

function exec(): void {
  const [name = '', ...program] = rest
  const { pid, uid, gid, memory } = read(name)
  // What goes between may have as much as it wants; behind the dashes is what it starts.
  const dashes = program.indexOf('--')
  const bounded = ['/usr/bin/prlimit', `--data=${parseInt(memory) * 2 ** 20}`, '--']
  if (isBounded && dashes >= 0) program.splice(dashes + 1, 0, ...bounded)
  const cwd = valuesOf('--workdir')[0] ?? '/'
  // oxfmt-ignore
  const args = [
    '-t', `${pid}`, '--user', '--mount', '--pid', '--net', '--ipc', '--uts', '--preserve-credentials', '--',
    'env', '-i', 'PATH=/node/bin:/usr/bin:/bin', ...valuesOf('--env'), 'sh', '-c', 'cd "$0" && exec "$@"', cwd, ...program,
  ]
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8')
  const procs = /^Max processes +\d+ +(\d+)/m.exec(limits)?.[1] ?? 'unlimited'
  const owner = process.getuid?.() === 0 ? { uid, gid } : {}
  const child = spawn('/usr/bin/prlimit', [`--nproc=${procs}`, '--', 'setpriv', '--no-new-privs', 'nsenter', ...args], {
    stdio: 'inherit',
    ...owner,
  })
  child.once('exit', (code) => (process.exitCode = code ?? 137))
}

function top(): void {
  const own = readlinkSync(`/proc/${read(rest[0] ?? '').pid}/ns/pid`)
  const inside = readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/ns/pid`) === own
    } catch {
      return false // it ended while we looked
    }
  })
  process.stdout.write(`PID\n${inside.map((pid) => `${pid}\n`).join('')}`)
}

function remove(): void {
  for (const name of rest.filter((each) => existsSync(fileOf(each)))) {
    spawnSync('kill', ['-9', `${read(name).pid}`])
    rmSync(fileOf(name), { force: true })
  }
}

function list(): void {
  const wanted = (valuesOf('--filter')[0] ?? '').replace('label=', '')
  const names = readdirSync(state).filter((name) =>
    read(name).labels.some((label) => label === wanted || label.startsWith(`${wanted}=`)),
  )
  process.stdout.write(names.map((name) => `${name}\n`).join(''))
}

const verbs: Readonly<Record<string, () => void>> = { run, exec, top, rm: remove, ps: list }
const act = verbs[verb]
if (act) act()
else throw new Error(`the stand-in does not know ${verb}`)
