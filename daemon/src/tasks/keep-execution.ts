import { executionFile, type Artifact, type ExecutionResult, type TaskResult } from '@tandem/shared'

/** So much of an execution everybody has in the task's record, characters of JSON. */
const inRecord = 8_192

/**
 * What of an execution the task's record holds. Where that is not all, the whole of it is kept as a file of the task's;
 * where `keep` fails, the record still says how it ended, and that it is cut.
 */
export async function keepExecution(
  execution: ExecutionResult,
  keep: (path: string, bytes: Uint8Array) => Promise<Artifact | undefined>,
): Promise<{ record: Pick<TaskResult, 'execution'>; file?: Artifact | undefined }> {
  const text = JSON.stringify(execution)
  if (text.length <= inRecord) return { record: { execution } }
  const file = await keep(executionFile, new TextEncoder().encode(text))
  const short: ExecutionResult = { ...execution, output: '', logs: [], truncated: true }
  const { result: _, ...shorter } = short
  return { record: { execution: JSON.stringify(short).length <= inRecord ? short : shorter }, file }
}
