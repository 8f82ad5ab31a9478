import { createId, systemClock } from '@tandem/shared'
import { onTestFinished } from 'vitest'
import { memoryServer } from '../mirror/testing/memory-workspace.ts'
import { createOffLimits } from '../sandbox/off-limits.ts'
import { defaultPolicy, type Policy } from '../sandbox/policy.ts'
import { createTree } from '../tree/tree.ts'
import type { Executor, Job, Outcome } from './execute.ts'
import { bashExecutor } from './run-bash.ts'
import { createVirtual } from './virtual.ts'

const never = new AbortController().signal
type BashJob = Parameters<Executor<'bash'>>[0]
type Given = {
  /** What runs programs; each is named where there is none. */
  command?: Executor<'command'>
  policy?: Policy
  barriers?: { flush(): Promise<readonly string[]>; settle(): Promise<readonly string[]> }
}

/** For tests: `bash` tasks over a workspace in memory. */
export function virtualBed({ command, policy = defaultPolicy, barriers }: Given = {}) {
  const server = memoryServer()
  const steps: string[] = []
  const tree = createTree({
    documents: { ...server.join(), begin: () => () => {} },
    hides: (name) => name === '.env',
    mayNotWrite: createOffLimits([]),
    maxTextBytes: 100_000,
    maxBlobBytes: 1_000_000,
    clock: systemClock,
  })
  const step = async (what: string) => (steps.push(what), [])
  const ran: Executor<'command'> = async (job) => {
    steps.push([job.payload.command, ...job.payload.args].join(' '))
    return command ? command(job) : { state: 'completed', result: { exitCode: 0, sandbox: 'full' } }
  }
  const virtual = createVirtual({
    project: {
      tree,
      barriers: barriers ?? { flush: () => step('flush'), settle: () => step('settle') },
      begin: () => (steps.push('begin'), () => steps.push('end')),
    },
    command: ran,
    policyNow: () => policy,
    clock: systemClock,
  })
  onTestFinished(virtual.close)
  const execute = bashExecutor({ virtual, policyNow: () => policy })
  const begin = (script: string, more: Partial<BashJob> & { session?: string } = {}) => {
    const said = { stdout: '', stderr: '' }
    const onOutput: Job['onOutput'] = (stream, bytes) => void (said[stream] += Buffer.from(bytes).toString())
    const { session, ...job } = more
    const outcome = execute({
      task: { id: createId(), attempt: 1 },
      payload: { kind: 'bash', script, session },
      timeoutMs: 60_000,
      onOutput,
      signal: never,
      killSignal: never,
      onProcess: () => () => {},
      onTerminal: () => {},
      ...job,
    }) as Promise<Outcome>
    return { outcome, said }
  }
  const run = async (script: string, more?: Parameters<typeof begin>[1]) => {
    const { outcome, said } = begin(script, more)
    return { ...(await outcome), ...said }
  }
  return { server, tree, virtual, steps, begin, run }
}
