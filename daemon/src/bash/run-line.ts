import type { Worker } from 'node:worker_threads'
import { TandemError, aborted, isTandemError, messageOf, type Id } from '@tandem/shared'
import type { Tree } from '../tree/tree.ts'
import type { Ended, FromShell, ShellLimits, ShellState, ToShell } from './messages.ts'
import { mount } from './mounts.ts'
import type { RunTask, ScratchFiles, ShellChange } from './ports.ts'
import { programs } from './programs.ts'

/** What a line works on, for whom, and for how long. */
export type LinePorts = {
  /** The project; without it there are scratch files alone. */
  tree?: Tree | undefined
  /** Runs programs; without it none is run, which is said. */
  runTask?: RunTask | undefined
  /** What the changes are caused by. */
  task?: Id | undefined
  /** Ends it. */
  signal: AbortSignal
}
type LineOptions = LinePorts & {
  line: string
  thread: Worker
  /** Ends the thread, whatever it does. */
  end(): void
  scratch: ScratchFiles
  state: ShellState
  limits: ShellLimits
}
type Done = Extract<FromShell, { t: 'done' }>

const never = new AbortController().signal

/** One line in its thread, as `ShellVerbs.exec`. Settles when nothing of it is left, neither in the thread nor a program. */
export async function runLine({
  line,
  thread,
  end,
  tree,
  scratch,
  runTask,
  task,
  state,
  limits,
  signal,
}: LineOptions): Promise<Ended & { state: ShellState }> {
  const files = mount(tree, scratch)
  const listed = await files.list()
  const [done, failed, over] = [Promise.withResolvers<Done>(), Promise.withResolvers<never>(), new AbortController()]
  failed.promise.catch(() => {})
  const stop = AbortSignal.any([signal, over.signal])
  const say = (message: ToShell) => thread.postMessage(message)
  const notes: string[] = []
  const flush = async (changes: readonly ShellChange[]): Promise<boolean> => {
    // Begun it is finished: half of it would be worse than all.
    const refused = changes.length > 0 ? await files.flush(changes, task, never) : []
    for (const { path, reason } of refused) notes.push(`bash: ${path}: not changed: ${reason}\n`)
    return refused.length === 0
  }
  /** Ends each program by its number. */
  const running = new Map<number, AbortController>()
  const hand = async ({ argv, cwd, env }: Extract<FromShell, { t: 'run' }>, over: AbortSignal): Promise<Ended> => {
    const cannot = (words: string, exitCode: number) => ({ stdout: '', stderr: `${argv[0]}: ${words}\n`, exitCode })
    if (!runTask) return cannot("this shell has no real programs; run it as a task of kind 'command'", 127)
    if (cwd !== '/workspace' && !cwd.startsWith('/workspace/'))
      return cannot('it runs in the project only; cd /workspace first', 126)
    return runTask(argv, cwd.slice('/workspace/'.length), { env, signal: AbortSignal.any([stop, over]) })
  }
  const hear = async (message: FromShell): Promise<void> => {
    if (message.t === 'done') return done.resolve(message)
    if (message.t === 'stop') return running.get(message.n)?.abort()
    if (stop.aborted) return
    if (message.t === 'run') {
      const own = new AbortController()
      running.set(message.n, own)
      await flush(message.changes)
      if (stop.aborted) return
      const { stdout, stderr, exitCode } = await hand(message, own.signal)
      return say({ t: 'ran', n: message.n, stdout, stderr, exitCode, listed: await files.list() })
    }
    try {
      say({ t: 'read', n: message.n, bytes: await files.read(message.path, stop) })
    } catch (e) {
      if (!isTandemError(e)) throw e
      say({ t: 'read', n: message.n, refused: messageOf(e) })
    }
  }
  const underWay = new Set<Promise<void>>()
  const onMessage = (message: FromShell) => {
    const work = hear(message)
      .catch(failed.reject)
      .finally(() => underWay.delete(work))
    underWay.add(work)
  }
  const onExit = () =>
    failed.reject(new TandemError('too-large', { reason: 'it used more memory than allowed', mb: limits.memMb }))
  thread.on('message', onMessage).on('error', onExit).on('exit', onExit)
  try {
    say({ t: 'exec', line, listed, state, limits, programs })
    await Promise.race([done.promise, failed.promise, aborted(stop)])
    signal.throwIfAborted()
    const { stdout, stderr, exitCode, changes, state: next } = await done.promise
    const isWhole = await flush(changes)
    return { stdout, stderr: stderr + notes.join(''), exitCode: exitCode === 0 && !isWhole ? 1 : exitCode, state: next }
  } catch (e) {
    // Whatever it still does, nobody hears of it.
    end()
    throw e
  } finally {
    thread.off('message', onMessage).off('error', onExit).off('exit', onExit)
    over.abort()
    await Promise.allSettled(underWay)
  }
}
