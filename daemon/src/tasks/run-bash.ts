import { isTandemError, type Id } from '@tandem/shared'
import type { VirtualShell } from '../bash/shell.ts'
import type { Executor, Job, Outcome } from './execute.ts'

export type BashPorts = {
  /** A shell for one task alone; it is closed when that has ended. */
  openShell(task: Id): VirtualShell
}

const piece = 64 * 1024

/**
 * Runs a `bash` task: a line in a shell of ours over the workspace's documents, which starts nothing of the machine's by
 * itself. Its output comes when it has ended.
 */
export const bashExecutor =
  ({ openShell }: BashPorts): Executor<'bash'> =>
  async ({ task, payload, timeoutMs, onOutput, signal, killSignal }) => {
    const stop = AbortSignal.any([signal, killSignal])
    if (stop.aborted) return { state: 'cancelled', result: {} }
    const shell = openShell(task.id)
    try {
      const { stdout, stderr, exitCode } = await shell.exec(payload.script, {
        task: task.id,
        wallMs: timeoutMs,
        signal: stop,
      })
      await tell(onOutput, 'stdout', stdout)
      await tell(onOutput, 'stderr', stderr)
      if (exitCode === 0) return { state: 'completed', result: { exitCode } }
      return { state: 'failed', result: { exitCode, error: `it ended with exit code ${exitCode}` } }
    } catch (e) {
      if (stop.aborted) return { state: 'cancelled', result: { exitCode: null } }
      if (isTandemError(e, 'timeout')) return timedOut(timeoutMs)
      throw e
    } finally {
      shell.close()
    }
  }

const timedOut = (timeoutMs: number): Outcome => ({
  state: 'timed_out',
  result: { exitCode: null, code: 'timeout', error: `it did not end within ${timeoutMs / 1000} s` },
})

/** A slow reader makes it wait. */
async function tell(onOutput: Job['onOutput'], stream: 'stdout' | 'stderr', text: string): Promise<void> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += piece) await onOutput(stream, bytes.subarray(at, at + piece))
}
