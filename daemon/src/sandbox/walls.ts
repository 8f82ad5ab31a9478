import { execFileSync } from 'node:child_process'
import { lstatSync, readlinkSync, statSync } from 'node:fs'
import { landlockVersion, leastLandlock, perl } from './landlock.ts'
import { readCeilings } from './limits.ts'
import { openProcessGroups } from './process-group.ts'
import { etcFiles } from './profile.ts'
import type { ReducedWalls } from './reduced.ts'
import type { Walls } from './runner.ts'
import { findIn, isProgram, searchPath } from './search-path.ts'
import { seccompArchitectures } from './seccomp.ts'

export type NoWalls = { readonly reason: string; readonly fix: string }

/**
 * Looks for what a sandbox is built of on this machine. What it finds may still not work (containers, AppArmor): the
 * probe decides that. `path` is the daemon's PATH; a bubblewrap inside the workspace is not trusted.
 */
export function findWalls({
  path,
  workspace,
  isRoot,
}: {
  path: string
  workspace: string
  isRoot: boolean
}): Walls | NoWalls {
  if (process.platform !== 'linux') {
    return {
      reason: `There is no sandbox for ${process.platform} yet`,
      fix: 'Run the daemon on Linux or in WSL2, or start with --unsafe-no-sandbox.',
    }
  }
  const architecture = seccompArchitectures.find((known) => known === process.arch)
  if (architecture === undefined) return noFilter
  const bwrap = findProgram('bwrap', path, workspace)
  if (bwrap === undefined)
    return { reason: 'bubblewrap (bwrap) is not installed', fix: `Install it: ${installCommand()}.` }
  const missing = [
    '/usr/bin/prlimit',
    '/usr/bin/setsid',
    '/bin/bash',
    ...(isRoot ? ['/usr/bin/unshare', '/bin/sh'] : []),
  ].find((file) => !isProgram(file))
  if (missing !== undefined)
    return { reason: `${missing} is missing`, fix: `Install ${missing === '/bin/bash' ? 'bash' : 'util-linux'}.` }
  const help = execFileSync(bwrap, ['--help'], { encoding: 'utf8' })
  return {
    bwrap,
    architecture,
    disableUserns: help.includes('--disable-userns'),
    bindsHeld: help.includes('--ro-bind-fd'),
    topLevel: topLevelFolders(),
    etcFiles: etcFiles.filter((name) => statSync(`/etc/${name}`, { throwIfNoEntry: false })?.isFile()),
    ceilings: readCeilings(),
    groups: isRoot ? openProcessGroups() : undefined,
  }
}

const noFilter: NoWalls = {
  reason: `There is no system call filter for ${process.arch}`,
  fix: 'Start with --unsafe-no-sandbox if you must.',
}

/** Looks for what a reduced sandbox is built of: Landlock in the kernel, and Perl to ask it. */
export function findReducedWalls({ isRoot }: { isRoot: boolean }): ReducedWalls | NoWalls {
  const architecture = seccompArchitectures.find((known) => known === process.arch)
  if (process.platform !== 'linux' || architecture === undefined) return noFilter
  const missing = [perl, '/usr/bin/prlimit', '/usr/bin/env', '/bin/bash'].find((file) => !isProgram(file))
  if (missing !== undefined) {
    const name = missing.split('/').at(-1)
    return { reason: `${missing} is missing`, fix: `Install ${name === 'prlimit' ? 'util-linux' : name}.` }
  }
  const landlock = landlockVersion()
  if (landlock < leastLandlock) {
    const found = landlock === 0 ? 'offers no Landlock' : `offers Landlock ${landlock}`
    return {
      reason: `The kernel ${found}, where version ${leastLandlock} is needed`,
      fix: 'Run Linux 6.12 or newer, with Landlock among its security modules.',
    }
  }
  return {
    architecture,
    topLevel: topLevelFolders(),
    ceilings: readCeilings(),
    groups: isRoot ? openProcessGroups() : undefined,
  }
}

/** The command that installs bubblewrap here. */
export function installCommand(): string {
  const managers = [
    ['/usr/bin/apt-get', 'sudo apt-get install -y bubblewrap'],
    ['/usr/bin/dnf', 'sudo dnf install -y bubblewrap'],
    ['/usr/bin/pacman', 'sudo pacman -S bubblewrap'],
    ['/sbin/apk', 'sudo apk add bubblewrap util-linux'],
  ] as const
  return managers.find(([file]) => isProgram(file))?.[1] ?? 'install the package "bubblewrap"'
}

/** The first of PATH, and of the system's own folders, that is not inside the workspace: one in there is not trusted. */
export const findProgram = (name: string, path: string, workspace: string): string | undefined =>
  findIn(searchPath([path, '/usr/local/bin', '/usr/bin', '/bin'].join(':'), workspace), name, workspace)

/** On most systems /bin is a link to usr/bin; where it is a folder of its own it is bound. */
function topLevelFolders(): Walls['topLevel'] {
  const names = ['/bin', '/sbin', '/lib', '/lib64', '/lib32', '/libx32']
  return Object.fromEntries(
    names.flatMap((name) => {
      const stat = lstatSync(name, { throwIfNoEntry: false })
      if (stat === undefined) return []
      return [[name, stat.isSymbolicLink() ? { link: readlinkSync(name) } : ('folder' as const)]]
    }),
  )
}
