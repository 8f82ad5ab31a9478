import { posix } from 'node:path'
import { Worker } from 'node:worker_threads'
import { TandemError, isTandemError, messageOf, type Clock, type Id } from '@tandem/shared'
import type { Tree } from '../tree/tree.ts'
import type { Ended, FromShell, ShellLimits, ShellState, ToShell } from './messages.ts'
import { mount } from './mounts.ts'
import type { RunTask, ScratchFiles } from './ports.ts'

/** What a shell may use at most; 500 and 100 are the founding numbers [S215]. */
export const shellLimits: ShellLimits = {
  wallMs: 60_000,
  outputBytes: 2 ** 20,
  commands: 10_000,
  calls: 500,
  spawns: 100,
  fileBytes: 64 * 2 ** 20,
  files: 5_000,
  memMb: 256,
}

export type ShellOptions = {
  /** The project; without it there are scratch files alone. */
  tree?: Tree | undefined
  scratch: ScratchFiles
  runTask?: RunTask | undefined
  limits?: ShellLimits
  clock: Clock
}
export type ExecOptions = { task?: Id | undefined; wallMs?: number; signal?: AbortSignal }

/** A shell of ours, over the documents and not the machine's own. One line at a time; what it leaves is there for the next. */
export type VirtualShell = {
  /**
   * Runs a line. What it changed is made known at its end, all together and merged with what others typed meanwhile. A
   * line that is cancelled or does not end in time rejects, `cancelled` as the signal says or with `timeout`, and changes
   * nothing but what a real program was to see before.
   */
  exec(line: string, options?: ExecOptions): Promise<Ended>
  readFile(path: string): Promise<string>
  writeFile(path: string, content: string): Promise<void>
  /** Names, sorted. */
  listFiles(path?: string): Promise<string[]>
  getCwd(): string
  /** Ends what runs. */
  close(): void
}

/** Commands that a shell in memory cannot be. */
const handed = ['git', 'npm', 'npx', 'pnpm', 'yarn', 'node', 'python', 'python3', 'make', 'cargo', 'go', 'tsc']
const never = new AbortController().signal

export function createShell({ tree, scratch, runTask, limits = shellLimits, clock }: ShellOptions): VirtualShell {
  let state: ShellState = { cwd: '/', env: {}, functions: {} }
  let thread: Worker | undefined
  let last: Promise<unknown> = Promise.resolve()
  const end = () => {
    void thread?.terminate()
    thread = undefined
  }
  const start = () => {
    const url = new URL('./shell-thread.ts', import.meta.url)
    const made = new Worker(url, { name: 'shell', env: {}, resourceLimits: { maxOldGenerationSizeMb: limits.memMb } })
    made.unref()
    // Who waits for it is told by a listener of its own.
    made
      .on('error', () => {})
      .on('exit', () => {
        if (thread === made) thread = undefined
      })
    return made
  }

  const run = async (line: string, { task, wallMs = limits.wallMs, signal = never }: ExecOptions): Promise<Ended> => {
    signal.throwIfAborted()
    const files = mount(tree, scratch)
    const listed = await files.list()
    const mine = (thread ??= start())
    const over = Promise.withResolvers<never>()
    over.promise.catch(() => {})
    const done = Promise.withResolvers<Extract<FromShell, { t: 'done' }>>()
    const say = (message: ToShell) => mine.postMessage(message)
    const notes: string[] = []
    const flush = async (changes: Extract<FromShell, { t: 'done' }>['changes']): Promise<boolean> => {
      // Begun it is finished: half of it would be worse than all.
      const refused = changes.length > 0 ? await files.flush(changes, task, never) : []
      for (const { path, reason } of refused) notes.push(`bash: ${path}: not changed: ${reason}\n`)
      return refused.length === 0
    }
    const hand = async (n: number, argv: string[], cwd: string): Promise<void> => {
      const answer = async (): Promise<Ended> => {
        if (!runTask)
          return {
            stdout: '',
            stderr: `${argv[0]}: this shell has no real programs; run it as a task of kind 'command'\n`,
            exitCode: 127,
          }
        if (cwd !== '/workspace' && !cwd.startsWith('/workspace/'))
          return { stdout: '', stderr: `${argv[0]}: it runs in the project only; cd /workspace first\n`, exitCode: 126 }
        return runTask(argv, cwd.slice('/workspace/'.length), signal)
      }
      const { stdout, stderr, exitCode } = await answer()
      say({ t: 'ran', n, stdout, stderr, exitCode, listed: await files.list() })
    }
    const hear = async (message: FromShell): Promise<void> => {
      if (message.t === 'done') return done.resolve(message)
      if (message.t === 'run') {
        await flush(message.changes)
        return hand(message.n, message.argv, message.cwd)
      }
      try {
        say({ t: 'read', n: message.n, bytes: await files.read(message.path, signal) })
      } catch (e) {
        if (!isTandemError(e)) throw e
        say({ t: 'read', n: message.n, refused: messageOf(e) })
      }
    }
    const onMessage = (message: FromShell) => void hear(message).catch(over.reject)
    const onExit = () =>
      over.reject(new TandemError('too-large', { reason: 'it used more memory than allowed', mb: limits.memMb }))
    const onAbort = () => over.reject(signal.reason as Error)
    mine.on('message', onMessage).on('error', onExit).on('exit', onExit)
    signal.addEventListener('abort', onAbort, { once: true })
    const stopTimer = clock.after(wallMs, () =>
      over.reject(new TandemError('timeout', { reason: `it did not end within ${wallMs / 1_000} s` })),
    )
    try {
      say({ t: 'exec', line, listed, state, limits: { ...limits, wallMs: wallMs + 1_000 }, handed })
      const { stdout, stderr, exitCode, changes, state: next } = await Promise.race([done.promise, over.promise])
      signal.throwIfAborted()
      stopTimer()
      const isWhole = await flush(changes)
      state = next
      return { stdout, stderr: stderr + notes.join(''), exitCode: exitCode === 0 && !isWhole ? 1 : exitCode }
    } catch (e) {
      // Whatever it still does, nobody hears of it.
      end()
      throw e
    } finally {
      stopTimer()
      signal.removeEventListener('abort', onAbort)
      mine.off('message', onMessage).off('error', onExit).off('exit', onExit)
    }
  }
  const oneByOne = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work)
    last = next.catch(() => {})
    return next
  }
  const at = (path: string) => posix.resolve(state.cwd, path)
  return {
    exec: (line, options = {}) => oneByOne(() => run(line, options)),
    readFile: (path) =>
      oneByOne(async () => Buffer.from(await mount(tree, scratch).read(at(path), never)).toString('utf8')),
    writeFile: (path, content) =>
      oneByOne(async () => {
        const [files, bytes] = [mount(tree, scratch), Buffer.from(content)]
        const isThere = (await files.list()).find((each) => each.path === at(path))
        if (isThere?.kind === 'file') await files.read(at(path), never)
        const [refused] = await files.flush(
          isThere?.kind === 'file'
            ? [{ do: 'write', from: at(path), bytes }]
            : [{ do: 'create', path: at(path), bytes, exec: false }],
          undefined,
          never,
        )
        if (refused) throw new TandemError('conflict', { reason: refused.reason, path })
      }),
    listFiles: (path = '.') =>
      oneByOne(async () => {
        const folder = at(path) === '/' ? '/' : `${at(path)}/`
        const listed = await mount(tree, scratch).list()
        const below = listed.flatMap((each) => (each.path.startsWith(folder) ? [each.path.slice(folder.length)] : []))
        if (
          below.length === 0 &&
          folder !== '/' &&
          !listed.some((each) => each.kind === 'dir' && each.path === at(path))
        )
          throw new TandemError('not-found', { reason: 'there is no such folder', path })
        return [...new Set(below.map((each) => each.split('/')[0] as string))].filter(Boolean).toSorted()
      }),
    getCwd: () => state.cwd,
    close: end,
  }
}
