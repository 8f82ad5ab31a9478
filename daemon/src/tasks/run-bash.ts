import { TandemError, isTandemError } from '@tandem/shared'
import { isProgram } from '../bash/programs.ts'
import { decideLine } from '../sandbox/decide-line.ts'
import type { Policy } from '../sandbox/policy.ts'
import type { Executor, Job, Outcome } from './execute.ts'
import type { createVirtual } from './virtual.ts'

type BashPorts = {
  virtual: Pick<ReturnType<typeof createVirtual>, 'use'>
  /** What holds now; throws where that cannot be known. */
  policyNow: () => Policy
}

const piece = 64 * 1024

/**
 * Runs a `bash` task: lines in a shell of ours over the workspace's documents, which starts nothing of the machine's by
 * itself. Its output comes when it has ended.
 */
export const bashExecutor =
  ({ virtual, policyNow }: BashPorts): Executor<'bash'> =>
  async (job) => {
    const { payload, onOutput } = job
    const { script, session } = payload
    const stop = AbortSignal.any([job.signal, job.killSignal])
    if (stop.aborted) return { state: 'cancelled', result: {} }
    const policy = policyNow()
    const timeoutMs = Math.min(job.timeoutMs, policy.limits.maxWallMs)
    const { decision, reason, writable } = decideLine(policy, script, isProgram)
    if (decision === 'deny') throw new TandemError('command-denied', { reason })
    // What is asked about comes here when a person has allowed it.
    return virtual.use(job, { session, writable, isApproved: decision === 'ask' }, async ({ shell, told }) => {
      try {
        const { stdout, stderr, exitCode } = await shell.exec(script, { wallMs: timeoutMs })
        await tell(onOutput, 'stdout', stdout)
        await tell(onOutput, 'stderr', stderr)
        const result = { exitCode, ...told() }
        if (exitCode === 0) return { state: 'completed', result }
        return { state: 'failed', result: { ...result, error: `it ended with exit code ${exitCode}` } }
      } catch (e) {
        if (stop.aborted) return { state: 'cancelled', result: { exitCode: null, ...told() } }
        if (isTandemError(e, 'timeout')) return timedOut(timeoutMs, told())
        throw e
      }
    })
  }

const timedOut = (timeoutMs: number, told: Outcome['result']): Outcome => ({
  state: 'timed_out',
  result: { ...told, exitCode: null, code: 'timeout', error: `it did not end within ${timeoutMs / 1000} s` },
})

/** A slow reader makes it wait. */
async function tell(onOutput: Job['onOutput'], stream: 'stdout' | 'stderr', text: string): Promise<void> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += piece) await onOutput(stream, bytes.subarray(at, at + piece))
}
