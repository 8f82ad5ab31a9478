import { parseDocPath, wait, type Clock, type Log, type Task } from '@tandem/shared'
import type { Records } from '@tandem/shared/docs'
import type { BlobStore } from '../store/blobs.ts'
import type { UpdateLog } from '../store/log.ts'
import type { Documents } from '../sync/documents.ts'

type Deps = {
  tasks: Pick<Records<Task>, 'get'>
  updates: Pick<UpdateLog, 'names'>
  documents: Pick<Documents, 'drop' | 'durable'>
  outputs: Pick<BlobStore, 'look'>
  clock: Clock
  log: Log
}

const everyMs = 5_000

/**
 * Drops the live log of each attempt whose record, on disk, says where the whole of it lies, where that is all here, and
 * once nobody has the live one open. Settles when the signal aborted.
 */
export async function runDroppingSealed(deps: Deps, signal: AbortSignal): Promise<void> {
  const { updates, clock, log } = deps
  while (!signal.aborted) {
    for (const name of updates.names('log/')) {
      await dropSealed(name, deps).catch((error: unknown) =>
        log.warn('a sealed log was not dropped', { doc: name, error }),
      )
    }
    await wait(clock, everyMs, signal).catch(() => {}) // Aborted: the loop ends.
  }
}

async function dropSealed(name: string, { tasks, documents, outputs }: Deps): Promise<void> {
  const ref = parseDocPath(name)
  if (ref?.kind !== 'log') return
  const segments = tasks.get(ref.taskId)?.attempts.find(({ n }) => n === ref.attempt)?.output?.segments
  if (!segments) return
  for (const { blob } of segments) if (!(await outputs.look(blob)).complete) return
  await documents.durable({ kind: 'tasks', rotation: 0 })
  await documents.drop(ref)
}
