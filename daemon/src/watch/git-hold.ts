import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Clock, Log } from '@tandem/shared'
import { birthmark, look } from '../disk/stat.ts'

const maxMs = 5_000
const pollMs = 25

type GitHoldOptions = {
  root: string
  clock: Clock
  log: Log
  pause: (ms: number) => Promise<void>
  signal: AbortSignal
}

/**
 * Resolves once git does not rewrite the folder just now, as far as its `index.lock` tells: what lies there meanwhile is
 * half of one commit and half of another. After 5 s it is not waited for any longer, and a lock that was left behind by
 * a git that died is not waited for twice.
 */
export function createGitHold({ root, clock, log, pause, signal }: GitHoldOptions): () => Promise<void> {
  let leftBehind: string | undefined
  return async () => {
    const since = clock.now()
    let isTold = false
    while (!signal.aborted) {
      const lock = look(join(gitFolder(root), 'index.lock'))
      if (typeof lock === 'string' || birthmark(lock) === leftBehind) return
      if (!isTold) log.debug('mirror waits for git')
      isTold = true
      await pause(pollMs)
      if (clock.now() - since < maxMs) continue
      leftBehind = birthmark(lock)
      log.warn('git left its lock behind, or works long', { waitedMs: maxMs })
    }
  }
}

/** Where git keeps its own: in `.git`, or where a file of that name says, as in a further worktree. */
function gitFolder(root: string): string {
  const git = join(root, '.git')
  const stat = look(git)
  if (typeof stat === 'string' || stat.kind !== 'file' || stat.size > 4_096) return git
  try {
    return resolve(root, /^gitdir: (.+)$/m.exec(readFileSync(git, 'utf8'))?.[1] ?? git)
  } catch {
    // Not for us to read: as if there were no git.
    return git
  }
}
