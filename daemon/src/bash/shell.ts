import { posix } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { TandemError, aborted, type Clock } from '@tandem/shared'
import type { Ended, ShellLimits, ShellState } from './messages.ts'
import { mount } from './mounts.ts'
import type { ScratchFiles } from './ports.ts'
import { runLine, type LinePorts } from './run-line.ts'
import type { Threads } from './threads.ts'

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
type ShellOptions = { scratch: ScratchFiles; threads: Threads; limits?: ShellLimits; clock: Clock }

/** A shell of ours, over the documents and not the machine's own. What a line leaves is there for the next. */
export type VirtualShell = {
  /** The shell as one task has it. */
  with(ports: LinePorts): ShellVerbs
  /** Ends what runs. */
  close(): void
}

/** One thing at a time, whoever asks for it. */
export type ShellVerbs = {
  /**
   * Runs a line. What it changed is made known at its end, all together and merged with what others typed meanwhile. A
   * line that is cancelled or has not ended within `wallMs` from now rejects, as the signal says or with `timeout`, and
   * changes nothing but what a real program was to see before.
   */
  exec(line: string, options?: { wallMs?: number }): Promise<Ended>
  readFile(path: string): Promise<string>
  /** Makes the folders it is in, too. */
  writeFile(path: string, content: string): Promise<void>
  /** Names, sorted. */
  listFiles(path?: string): Promise<string[]>
  getCwd(): string
}

export function createShell({ scratch, threads, limits = shellLimits, clock }: ShellOptions): VirtualShell {
  let state: ShellState = { cwd: '/', env: {}, functions: {} }
  let thread: Worker | undefined
  let last: Promise<unknown> = Promise.resolve()
  const end = () => {
    void thread?.terminate()
    thread = undefined
  }
  const inTurn = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    const [before, mine] = [last, Promise.withResolvers<void>()]
    last = before.then(() => mine.promise)
    try {
      await Promise.race([before, aborted(signal)])
      signal.throwIfAborted()
      return await work()
    } finally {
      mine.resolve()
    }
  }
  const at = (path: string) => posix.resolve(state.cwd, path)
  return {
    with: (ports) => {
      const { tree, task, signal } = ports
      const run = async (line: string, wallMs: number): Promise<Ended> => {
        const late = new AbortController()
        const stopTimer = clock.after(wallMs, () =>
          late.abort(new TandemError('timeout', { reason: `it did not end within ${wallMs / 1_000} s` })),
        )
        const ends = AbortSignal.any([signal, late.signal])
        try {
          return await inTurn(ends, async () => {
            const mine = (thread = threads.take())
            const given = { ...ports, signal: ends, limits: { ...limits, wallMs: wallMs + 1_000 } }
            const { state: next, ...ended } = await runLine({ ...given, line, thread: mine, end, scratch, state })
            state = next
            if (thread === mine) threads.give(mine)
            thread = undefined
            return ended
          })
        } finally {
          stopTimer()
        }
      }
      return {
        exec: (line, { wallMs = limits.wallMs } = {}) => run(line, wallMs),
        readFile: (path) =>
          inTurn(signal, async () => Buffer.from(await mount(tree, scratch).read(at(path), signal)).toString('utf8')),
        writeFile: (path, content) =>
          inTurn(signal, async () => {
            const [files, bytes] = [mount(tree, scratch), Buffer.from(content)]
            const isThere = (await files.list()).find((each) => each.path === at(path))
            if (isThere?.kind === 'file') await files.read(at(path), signal)
            const [refused] = await files.flush(
              isThere?.kind === 'file'
                ? [{ do: 'write', from: at(path), bytes }]
                : [{ do: 'create', path: at(path), bytes, exec: false }],
              task,
              signal,
            )
            if (refused) throw new TandemError('conflict', { reason: refused.reason, path })
          }),
        listFiles: (path = '.') =>
          inTurn(signal, async () => {
            const folder = at(path) === '/' ? '/' : `${at(path)}/`
            const listed = await mount(tree, scratch).list()
            const below = listed.flatMap((each) =>
              each.path.startsWith(folder) ? [each.path.slice(folder.length)] : [],
            )
            if (
              below.length === 0 &&
              folder !== '/' &&
              !listed.some((each) => each.kind === 'dir' && each.path === at(path))
            )
              throw new TandemError('not-found', { reason: 'there is no such folder', path })
            return [...new Set(below.map((each) => each.split('/')[0] as string))].filter(Boolean).toSorted()
          }),
        getCwd: () => state.cwd,
      }
    },
    close: end,
  }
}
