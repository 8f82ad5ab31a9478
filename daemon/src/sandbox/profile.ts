import type { Identity } from './identity.ts'
import type { Limits } from './limits.ts'
import type { ProtectedPaths } from './protected.ts'
import { sandboxHome } from './environment.ts'
import type { GrantedPath } from './paths.ts'
import { socketsInside } from './way-out.ts'

export type ProfileOptions = {
  readonly workspace: string
  readonly cwd: string
  readonly identity: Identity
  readonly environment: Readonly<Record<string, string>>
  /** Read-only, each at its own path. */
  readonly toolchains: readonly string[]
  /** Further places, each at its own path. */
  readonly paths: readonly GrantedPath[]
  readonly protectedPaths: Omit<ProtectedPaths, 'awaited'>
  /** Folders shown as empty. */
  readonly covered: readonly string[]
  /** How `/bin`, `/lib` and so on look on this machine: link targets, or `folder`. */
  readonly topLevel: Readonly<Record<string, { link: string } | 'folder'>>
  /** Which of `etcFiles` this machine has. */
  readonly etcFiles: readonly string[]
  /** Whether this bubblewrap knows `--disable-userns` (0.8 and later); the system call filter refuses them anyway. */
  readonly disableUserns: boolean
  /** Whether it can bind what is held open (0.8 of Debian 12, 0.10 elsewhere): no path can be swapped for a link meanwhile. */
  readonly bindsHeld: boolean
  readonly limits: Pick<Limits, 'scratchMb'>
  readonly git: { readonly name?: string; readonly email?: string }
  /** False makes the workspace read-only, for commands that only look (git status). */
  readonly writable?: boolean
  /** The folder of the sockets of its way out, where it has one. */
  readonly egress?: string | undefined
}

/** File descriptors the child must get, in order, from `firstDataFd` on. */
export type Profile = { readonly args: readonly string[]; readonly data: readonly DataFile[] }
export type DataFile =
  | { readonly content: 'filter' | 'empty' }
  | { readonly content: 'text'; readonly text: string }
  | { readonly content: 'host'; readonly path: string }
  /** The very file or folder at this place of the workspace, to be opened through no link. */
  | { readonly content: 'place'; readonly path: string }

/** Where bubblewrap reports the child's pid and exit code (`--json-status-fd`). */
export const statusFd = 3
export const firstDataFd = 4

/** Each hidden file costs a descriptor; beyond this many they cannot be opened at all, instead of being empty. */
const maxEmptyFiles = 64

/**
 * Of /etc only what programs need and no secret is in: never /etc/ssl whole (private keys, readable as root) nor
 * gitconfig. Files are copied and folders bound, since each mount costs a third of a millisecond (measured).
 */
// oxfmt-ignore
export const etcFiles = [
  'ld.so.cache', 'ld.so.conf', 'nsswitch.conf', 'localtime', 'timezone', 'mime.types', 'protocols', 'services', 'bash.bashrc', 'profile',
  'inputrc', 'ssl/openssl.cnf',
]
export const etcFolders = [
  'alternatives',
  'ssl/certs',
  'pki/ca-trust',
  'pki/tls/certs',
  'crypto-policies',
  'terminfo',
  'java',
  'fonts',
]

/**
 * The walls around one command, as bubblewrap arguments: all namespaces new, no capability, no network, the system
 * read-only, private /tmp, /run and HOME, the workspace at its own path. Pure, so that it can be tested as data.
 */
export function buildProfile(options: ProfileOptions): Profile {
  const { workspace, identity, protectedPaths } = options
  const data: DataFile[] = []
  const fd = (file: DataFile) => String(firstDataFd + data.push(file) - 1)
  const text = (lines: readonly string[]) => fd({ content: 'text', text: lines.map((line) => `${line}\n`).join('') })
  const size = String(options.limits.scratchMb * 1_048_576)
  /** Another command may be at work in the workspace just now. */
  const bind = (how: '--bind' | '--ro-bind', path: string) =>
    options.bindsHeld ? [`${how}-fd`, fd({ content: 'place', path }), path] : [how, path, path]
  const [uid, gid] = identity.isRoot ? [1000, 1000] : [identity.uid, identity.gid]

  // oxfmt-ignore
  const args = [
    '--unshare-user', '--unshare-all', ...(options.disableUserns ? ['--disable-userns'] : []),
    '--uid', `${uid}`, '--gid', `${gid}`, '--cap-drop', 'ALL',
    // No new session: bubblewrap's own processes stay one group, by which they are ended; the command gets one of its own.
    '--die-with-parent', '--hostname', 'sandbox', '--json-status-fd', String(statusFd), '--clearenv',
    ...Object.entries(options.environment).flatMap(([name, value]) => ['--setenv', name, value]),
    '--ro-bind', '/usr', '/usr',
    ...Object.entries(options.topLevel).flatMap(([path, is]) => is === 'folder' ? ['--ro-bind', path, path] : ['--symlink', is.link, path]),
    ...etcFolders.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    ...options.etcFiles.flatMap((name) => ['--file', fd({ content: 'host', path: `/etc/${name}` }), `/etc/${name}`]),
    // Read-only /proc: root without capabilities still owns /proc/sys, and could make the kernel run a file of its own.
    // What bubblewrap makes for devices is memory too, half of the machine's, which nobody would count.
    '--dev', '/dev', '--size', size, '--tmpfs', '/dev/shm', '--remount-ro', '/dev', '--proc', '/proc', '--remount-ro', '/proc',
    '--size', size, '--tmpfs', '/tmp', '--dir', '/run', '--size', size, '--tmpfs', sandboxHome,
    '--file', text([`root:x:0:0:root:/root:/bin/sh`, `task:x:${uid}:${gid}:task:${sandboxHome}:/bin/bash`]), '/etc/passwd',
    '--file', text(['root:x:0:', `task:x:${gid}:`]), '/etc/group',
    '--file', text(['127.0.0.1 localhost sandbox', '::1 localhost']), '/etc/hosts',
    '--file', text(gitConfig(options)), `${sandboxHome}/.gitconfig`,
    ...options.toolchains.flatMap((folder) => ['--ro-bind-try', folder, folder]),
    ...options.paths.flatMap(({ path, mode }) => [mode === 'write' && options.writable !== false ? '--bind-try' : '--ro-bind-try', path, path]),
    options.writable === false ? '--ro-bind' : '--bind', workspace, workspace,
    ...(options.writable === false ? [] : protectedPaths.pinned.flatMap((path) => bind('--bind', path))),
    ...protectedPaths.readOnly.flatMap((path) => bind('--ro-bind', path)),
    ...protectedPaths.hidden.flatMap((path, i) => i < maxEmptyFiles ? ['--ro-bind-data', fd({ content: 'empty' }), path] : ['--ro-bind', '/dev/null', path]),
    ...options.covered.flatMap((path) => ['--size', '4096', '--tmpfs', path, '--remount-ro', path]),
    ...(options.egress === undefined ? [] : ['--ro-bind', options.egress, socketsInside]),
    '--remount-ro', '/', '--seccomp', fd({ content: 'filter' }), '--chdir', options.cwd, '--',
  ]
  return { args, data }
}

/** The name on commits, and trust in the workspace whoever owns its files. Nothing else of the person's git settings. */
export function gitConfig({ workspace, git }: Pick<ProfileOptions, 'workspace' | 'git'>): string[] {
  const quote = (value: string) => `"${value.replace(/[\\"]/g, '\\$&').replace(/[\r\n]/g, ' ')}"`
  return [
    '[user]',
    `  name = ${quote(git.name ?? 'Tandem task')}`,
    `  email = ${quote(git.email ?? 'task@tandem.invalid')}`,
    '[safe]',
    `  directory = ${quote(workspace)}`,
    `  directory = ${quote(`${workspace}/*`)}`,
  ]
}
