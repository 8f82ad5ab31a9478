import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { doubtfulLines } from './git-settings.ts'

/** Larger is no setting of git's. */
const maxBytes = 256 * 1024

const settingsFiles = ['config', 'config.worktree']

/** What of the settings of a repository in a workspace may run programs, each with the file it stands in. */
export function doubtsOf(workspace: string, folder: string): string[] {
  return settingsFiles.flatMap((name) => {
    const text = textOf(join(folder, name))
    if (text === 'missing') return []
    return text === 'unreadable'
      ? [`${name} cannot be read`]
      : doubtfulLines(text.content)
          .filter((line) => !isTreeInside(workspace, folder, line))
          .map((line) => `${name} ${line}`)
  })
}

/**
 * Which parts of a repository would make git outside the sandbox run programs, or take its settings from elsewhere:
 * paths below `folder`, none where it is harmless. What cannot be judged is not harmless; `before` is what its settings
 * held already.
 */
export function programsOf(workspace: string, folder: string, before: readonly string[]): string[] {
  const doubts = doubtsOf(workspace, folder).filter((doubt) => !before.includes(doubt))
  const found = settingsFiles.filter((name) => doubts.some((doubt) => doubt.startsWith(`${name} `)))
  const common = textOf(join(folder, 'commondir'))
  if (common === 'unreadable' || (common !== 'missing' && !isOwn(folder, common.content.trim())))
    found.push('commondir')
  return [...found, ...hooksOf(folder)]
}

/** Whether `.git` is a file that leads to a repository in this very workspace, where it is judged by itself. */
export function leadsInside(workspace: string, file: string): boolean {
  const text = textOf(file)
  if (typeof text === 'string') return false
  const target = /^gitdir: (.+)\n?$/.exec(text.content)?.[1]
  const real = target === undefined ? undefined : orUndefined(() => realpathSync(resolve(dirname(file), target)))
  return real?.startsWith(`${workspace}/`) ?? false
}

/** A submodule's settings say where its files are: that is fine in the same workspace. */
function isTreeInside(workspace: string, folder: string, line: string): boolean {
  const path = /^\[core\]\s+worktree = ([\w./-]+)$/.exec(line)?.[1]
  const real = path === undefined ? undefined : orUndefined(() => realpathSync(resolve(folder, path)))
  return real !== undefined && `${real}/`.startsWith(`${workspace}/`)
}

/** The common folder is the repository itself, or, of a further worktree, the one whose worktree it is. */
function isOwn(folder: string, common: string): boolean {
  const parent = dirname(folder)
  const own = [folder, ...(parent.endsWith('/worktrees') ? [dirname(parent)] : [])]
  return own.includes(resolve(folder, common))
}

function hooksOf(folder: string): string[] {
  const hooks = join(folder, 'hooks')
  const stat = orUndefined(() => lstatSync(hooks))
  if (!stat) return []
  const names = stat.isDirectory() ? orUndefined(() => readdirSync(hooks)) : undefined
  return names ? names.filter((name) => !name.endsWith('.sample')).map((name) => `hooks/${name}`) : ['hooks']
}

/** Never through a link, and never waiting for a pipe of that name. */
function textOf(path: string): { content: string } | 'missing' | 'unreadable' {
  let fd: number | undefined
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stat = fstatSync(fd)
    return stat.isFile() && stat.size <= maxBytes ? { content: readFileSync(fd, 'utf8') } : 'unreadable'
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'unreadable'
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** Gone, or not ours to see. */
function orUndefined<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
