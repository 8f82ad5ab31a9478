import type { Task } from '@tandem/shared'
import type { Execute, Job } from '../../tasks/execute.ts'
import type { Json } from '../loop/tool.ts'
import type { Ran } from '../tools/bash.ts'

/** Of what comes out of a line so much is kept of its beginning, and of its end. */
const maxKept = 200_000

/** A shell begins at /; a run works in the workspace. */
const atHome = 'if [ "$PWD" = / ]; then cd /workspace; fi'

type ShellPorts = {
  /** The one gate to running anything. */
  execute: Execute
  /** The run's task, as the server's record has it. */
  task: Task
  job: Pick<Job, 'killSignal' | 'onProcess' | 'onTerminal'>
}

/** The shell of a run: lines in it are run as tasks of kind `bash` are, by the same policy and behind the same walls. */
export function createRunShell({ execute, task, job }: ShellPorts) {
  const session = `run-${task.id}`
  return async (script: string, timeoutMs: number, { signal }: { signal: AbortSignal }): Promise<Ran> => {
    const output = createOutput()
    const { killSignal, onProcess, onTerminal } = job
    const { state, result } = await execute(
      { ...task, payload: { kind: 'bash', script: `${atHome}\n${script}`, session } },
      { timeoutMs, onOutput: output.add, signal, killSignal, onProcess, onTerminal },
    )
    const { exitCode, error, sandbox, setAside, wantedNetwork, refusedHosts } = result
    const details: Json = JSON.parse(JSON.stringify({ sandbox, setAside, wantedNetwork, refusedHosts })) as Json
    return { state: state === 'parked' ? 'failed' : state, exitCode, error, output: output.text(), details }
  }
}

/** Both streams as they come, the middle left out where it is too much. */
function createOutput() {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  let [head, tail, left] = ['', '', 0]
  return {
    add: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => {
      const text = decoders[stream].decode(bytes, { stream: true })
      const room = maxKept - head.length
      head += text.slice(0, room)
      const all = tail + text.slice(room)
      tail = all.slice(-maxKept)
      left += all.length - tail.length
    },
    text: () => (left > 0 ? `${head}\n… ${left} characters left out …\n${tail}` : head + tail),
  }
}
