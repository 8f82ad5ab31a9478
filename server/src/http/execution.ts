import { randomUUID } from 'node:crypto'
import { StringDecoder } from 'node:string_decoder'
import { ExecutionResult, categoryOf, executionFile, plainText, type ExecutionError, type Task } from '@tandem/shared'
import { note, stdout } from '@tandem/shared/docs'
import type { HttpDeps } from './deps.ts'
import { wholeLog } from './whole-log.ts'

/** So much of an output is answered with; the log has the rest. */
const maxOutput = 256 * 1024
/** An execution that is kept as a file is not larger than this, bytes. */
const maxExecution = 4 * 2 ** 20

type Reads = Pick<HttpDeps, 'documents' | 'updates' | 'outputs'>

/** What came of a task that has ended, in the one shape of all executions [S158]. */
export async function executionOf(deps: Reads, task: Task): Promise<ExecutionResult> {
  const { execution } = task.result ?? {}
  if (execution) return execution.truncated ? ((await keptWhole(deps, task)) ?? execution) : execution
  const failed = task.state === 'completed' ? [] : [failureOf(task)]
  const about = { id: randomUUID(), success: failed.length === 0, errors: failed }
  return task.payload.kind === 'command'
    ? { ...about, ranIn: 'command', ...(await wroteBy(deps, task)) }
    : { ...about, ranIn: 'isolate', output: '', logs: [] }
}

/** Where it was too much for a record; undefined where that is not there any more, or not what it should be. */
async function keptWhole({ outputs }: Reads, { result }: Task): Promise<ExecutionResult | undefined> {
  const kept = result?.artifacts?.find(({ path }) => path === executionFile)
  if (!kept || kept.size > maxExecution) return undefined
  try {
    const pieces: Uint8Array[] = []
    for await (const piece of outputs.read(kept.blob, 0, kept.size)) pieces.push(piece)
    return ExecutionResult.safeParse(JSON.parse(Buffer.concat(pieces).toString())).data
  } catch {
    return undefined // What the record holds is told, and that it is cut.
  }
}

/** Why a task failed that has no execution to tell of: refused, lost, or a command. */
function failureOf({ state, result, reason }: Task): ExecutionError {
  const message = (result?.error ?? reason ?? `it was ${state}`).slice(0, 2_000)
  if (state === 'timed_out') return { category: 'timeout', message }
  if (state === 'cancelled') return { category: 'cancelled', message }
  return { category: categoryOf(result?.code), message }
}

/** The output of a command: what went to stdout was logged, what went to stderr are errors. */
async function wroteBy(deps: Reads, task: Task): Promise<Pick<ExecutionResult, 'output' | 'logs' | 'truncated'>> {
  const { chunks, missing } = await wholeLog(deps, task, task.attempt)
  const logs: ExecutionResult['logs'] = []
  let [output, isCut] = ['', missing > 0]
  const decoders = new Map<number, StringDecoder>()
  for await (const { s, d } of chunks) {
    if (s === note) continue
    if (output.length > maxOutput) {
      isCut = true
      break
    }
    const decoder = decoders.get(s) ?? new StringDecoder('utf8')
    decoders.set(s, decoder)
    const text = plainText(decoder.write(Buffer.from(d)))
    output += text
    logs.push({ level: s === stdout ? 'log' : 'error', text: text.replace(/\n$/, '') })
  }
  return { output, logs, ...(isCut && { truncated: true }) }
}
