import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { GrantedPath } from '../paths.ts'
import type { ProtectedPaths } from '../protected.ts'
import type { Fence } from './messages.ts'

type FenceOptions = {
  readonly workspace: string
  readonly writable: boolean
  /** Of this command alone: its HOME and its temporary files. */
  readonly own: string
  readonly toolchains: readonly string[]
  readonly paths: readonly GrantedPath[]
  readonly protectedPaths: Omit<ProtectedPaths, 'awaited'>
  readonly covered: readonly string[]
}

/** Where programs and libraries are: of the folders at the root all others hold what is people's. */
// oxfmt-ignore
const system = new Set(['bin', 'sbin', 'usr', 'lib', 'lib32', 'lib64', 'libx32', 'dev', 'proc', 'sys', 'System', 'Library', 'Applications', 'opt'])
/** Of what is denied with its folder, that without which programs do not start, or know no time and no trust. */
// oxfmt-ignore
const needed = [
  '/etc/alternatives', '/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/nsswitch.conf', '/etc/localtime', '/etc/ssl/certs', '/etc/ssl/openssl.cnf', '/etc/pki/tls/certs',
  '/private/etc/ssl', '/private/etc/localtime', '/private/etc/shells', '/private/var/select', '/private/var/db/timezone', '/private/var/db/dyld',
  '/private/var/db/mds/system', '/private/var/db/xcode_select_link',
]
/** Of what is shown with its folder, that which is not for commands. */
const secret = [
  '/Library/Keychains',
  '/Library/Application Support',
  '/Library/Logs',
  '/opt/homebrew/var',
  '/usr/local/var',
]

/**
 * The fence around one command: of the machine the system alone can be read, written its own folder and the workspace, less what
 * is hidden and protected there. Names what is there now alone, for the library puts something in the place of what is not.
 */
export function fenceOf(options: FenceOptions): Fence {
  const { workspace, own, writable, protectedPaths, covered } = options
  const top = readdirSync('/').filter((name) => !system.has(name) && !isLink(join('/', name)))
  const granted = options.paths.map(({ path }) => path)
  const changeable = options.paths.filter(({ mode }) => mode === 'write').map(({ path }) => path)
  const there = (paths: readonly string[]) => [...new Set(paths)].filter((path) => existsSync(path))
  return {
    denyRead: there([...top.map((name) => join('/', name)), ...secret, ...protectedPaths.hidden, ...covered]),
    allowRead: there([...needed, ...options.toolchains, ...granted, own, workspace]),
    allowWrite: there([own, ...changeable, ...(writable ? [workspace] : [])]),
    denyWrite: there([...protectedPaths.readOnly, ...protectedPaths.hidden, ...covered]),
  }
}

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
