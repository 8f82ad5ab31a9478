import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import type { Identity } from './identity.ts'
import { launcher } from './landlock-launcher.ts'
import type { Limits } from './limits.ts'
import type { GrantedPath } from './paths.ts'
import { etcFiles, etcFolders } from './profile.ts'
import type { SeccompArchitecture } from './seccomp.ts'

export const perl = '/usr/bin/perl'

/** From this one on Landlock keeps signals in; without that a command could end every process of its user. Linux 6.12. */
export const leastLandlock = 6

/** Which version of Landlock the kernel offers; 0 where there is none, or no Perl to ask by. */
export function landlockVersion(): number {
  try {
    const answer = execFileSync(perl, ['-e', 'print syscall(444, 0, 0, 1)'], { encoding: 'utf8', env: {}, cwd: '/' })
    return Math.max(0, Number(answer) || 0)
  } catch {
    return 0
  }
}

const execute = 1
const write = 2
const read = 4
const list = 8
const truncate = 16_384
const deviceControl = 32_768
/** Removing and making of folders, files, named pipes and links, moving between folders. Not devices, nor sockets. */
const changeFolders = 16 | 32 | 128 | 256 | 1_024 | 4_096 | 8_192

const rights = {
  read: execute | read | list,
  write: execute | read | list | write | truncate | changeFolders,
  device: read | write | truncate | deviceControl,
}
type Rule = readonly [keyof typeof rights, path: string]

export type Places = {
  readonly topLevel: Readonly<Record<string, { link: string } | 'folder'>>
  readonly toolchains: readonly string[]
  readonly paths: readonly GrantedPath[]
  readonly workspace: string
  readonly writable: boolean
  /** Folders of the command's own. */
  readonly own: readonly string[]
  readonly atTerminal: boolean
}

/**
 * What a command may read and write. Rules add up downwards: nothing below what is allowed can be withheld, and so neither
 * can secrets in the folder. All of /proc can be read as far as the kernel shows other people's processes to anybody.
 */
export function landlockRules({ topLevel, toolchains, paths, workspace, writable, own, atTerminal }: Places): Rule[] {
  const folders = Object.entries(topLevel).flatMap(([path, is]) => (is === 'folder' ? [path] : []))
  const etc = [...etcFiles, ...etcFolders, 'passwd', 'group'].map((name) => `/etc/${name}`)
  const may = (mode: 'read' | 'write') => (mode === 'write' && writable ? 'write' : 'read')
  return [
    ...['/usr', ...folders, ...etc, '/proc', ...toolchains].map((path): Rule => ['read', path]),
    ...['null', 'zero', 'full', 'random', 'urandom', ...(atTerminal ? ['tty'] : [])].map((name): Rule => [
      'device',
      `/dev/${name}`,
    ]),
    ...paths.map(({ path, mode }): Rule => [may(mode), path]),
    [may('write'), workspace],
    ...own.map((path): Rule => ['write', path]),
  ]
}

/** What a program of ours needs that is to have nothing else: itself, and the libraries of the system. */
export const programRules = (topLevel: Places['topLevel'], own: readonly string[]): Rule[] => {
  const libraries = Object.entries(topLevel).flatMap(([path, is]) =>
    is === 'folder' && path.startsWith('/lib') ? [path] : [],
  )
  // Node takes settings of OpenSSL that it may not read for an error.
  const etc = ['ld.so.cache', 'ssl/openssl.cnf', 'pki/tls/openssl.cnf'].map((name) => `/etc/${name}`)
  const system = ['/usr/lib', '/usr/lib32', '/usr/lib64', ...libraries, ...etc]
  return [...system, '/usr/bin/env', '/usr/bin/prlimit', ...own].map((path) => ['read', path])
}

type Enclosed = {
  readonly architecture: SeccompArchitecture
  readonly identity: Identity
  readonly procsFile: string | undefined
  readonly atTerminal: boolean
  readonly cwd: string
  readonly rules: readonly Rule[]
  readonly environment: Readonly<Record<string, string>>
}

/** What comes before a command, so that it begins behind those walls and with that environment alone. */
export const landlockPrefix = ({ architecture, identity, procsFile, atTerminal, cwd, rules, environment }: Enclosed) =>
  [
    perl,
    ...[
      '-e',
      launcher,
      '--',
      architecture,
      procsFile ?? '',
      identity.isRoot ? 'root' : '',
      atTerminal ? 'terminal' : '',
    ],
    ...[cwd, String(rules.length), ...rules.map(([kind, path]) => `${rights[kind]}:${path}`)],
    // The environment is the command's alone: what is in it steers no program before the walls are up.
    ...['/usr/bin/env', '-i', ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
  ] as const

/**
 * The limits of a command where no namespace counts its processes by themselves: the kernel counts all of the user's. What
 * others start meanwhile must not be the command's loss, so this only stops what outruns the watchdog.
 */
export const besideOthers = (limits: Limits, identity: Identity): Limits => ({
  ...limits,
  procs: 2 * limits.procs + othersOf(identity),
})

/** The two of the launcher, and the command as long as it is not there yet. */
export const ownProcesses = 3
/** How many processes others of the user may start meanwhile. */
const others = 1_024

/** How many processes and threads of that user there are besides, or may be. */
export const othersOf = ({ uid }: Identity): number => ownProcesses + threadsOf(uid) + others

function threadsOf(uid: number): number {
  const count = (pid: string) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'latin1')
      return Number(/^Uid:\t(\d+)/m.exec(status)?.[1]) === uid ? Number(/^Threads:\t(\d+)/m.exec(status)?.[1]) : 0
    } catch {
      return 0 // it ended while we looked
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .reduce((sum, pid) => sum + count(pid), 0)
}
