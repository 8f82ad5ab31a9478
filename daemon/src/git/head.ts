import { spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import type { Clock, Log } from '@tandem/shared'
import { findIn, searchPath } from '../sandbox/search-path.ts'
import { createBlobParser } from './batch.ts'

type HeadOptions = {
  /** The real path of the folder, which need not be a repository. */
  folder: string
  /** The daemon's environment, of which git gets little. */
  environment: NodeJS.ProcessEnv
  clock: Clock
  log: Log
  signal: AbortSignal
}

/** So long, and so much of content, is waited for and kept at a time. */
const maxMs = 10_000
const maxBytes = 64 * 2 ** 20

/**
 * Reads what git committed last (`HEAD`) of some paths of the folder. Those it does not know are missing from the answer,
 * as are all where there is no git, no repository, or no answer in time: nobody may depend on it. Never throws.
 *
 * Git runs outside the sandbox, as it is no command of anybody's and must work where there is none. Whatever a cloned
 * repository brings, it only looks up objects: no program, hook, monitor or filter of its configuration runs, no object
 * is fetched, no lock taken, and a repository of another owner is refused by git itself.
 */
export function createHead({ folder, environment, clock, log, signal }: HeadOptions) {
  // Never in the shared folder, which may bring a `git` of its own.
  const path = searchPath(environment.PATH ?? '', folder)
  const git = findIn(path, 'git', folder)
  return async (paths: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> => {
    // One name a line is what git reads.
    const asked = paths.filter((each) => !/[\n\r\0]/.test(each))
    if (git === undefined || asked.length === 0 || signal.aborted) return new Map()
    return await new Promise((resolve) => {
      const child = spawn(git, [...harmless, 'cat-file', '--batch'], {
        cwd: folder,
        env: environmentOf(environment, path),
        stdio: ['pipe', 'pipe', 'ignore'],
      })
      const parser = createBlobParser(asked, maxBytes)
      const end = () => child.kill('SIGKILL')
      const cancel = clock.after(maxMs, end)
      signal.addEventListener('abort', end, { once: true })
      child.on('error', (error) => log.debug('git does not start', { error }))
      // It ends early where there is no repository.
      child.stdin.on('error', () => {})
      child.stdout.on('data', (bytes: Buffer) => parser.push(bytes) || end())
      child.on('close', () => {
        cancel()
        signal.removeEventListener('abort', end)
        resolve(parser.found)
      })
      child.stdin.end(asked.map((each) => `HEAD:./${each}\n`).join(''))
    })
  }
}

/** Command line beats every file of configuration. */
const harmless = [
  '--no-optional-locks',
  '--no-replace-objects',
  '--no-pager',
  ...['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'protocol.allow=never'].flatMap((each) => ['-c', each]),
  // A folder that looks like the inside of a repository is none.
  ...['-c', 'safe.bareRepository=explicit'],
]

/** Built from nothing: no variable of the daemon's leads git elsewhere. HOME stays, for whom its owner trusts. */
const environmentOf = ({ HOME, XDG_CONFIG_HOME }: NodeJS.ProcessEnv, path: readonly string[]): NodeJS.ProcessEnv => ({
  PATH: path.join(delimiter),
  ...(HOME === undefined ? {} : { HOME }),
  ...(XDG_CONFIG_HOME === undefined ? {} : { XDG_CONFIG_HOME }),
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  // What is not here is not looked for elsewhere; an older git, which does not know the first, knows the second.
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: '',
})
