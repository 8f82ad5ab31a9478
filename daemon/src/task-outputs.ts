import { join } from 'node:path'
import type { Clock, FromDaemon, Id, Log, Task } from '@tandem/shared'
import { openTaskLog, type Records } from '@tandem/shared/docs'
import { openRoot } from './disk/write.ts'
import { createBlobs } from './link/blobs.ts'
import type { Documents } from './link/documents.ts'
import { persistently } from './link/persistently.ts'
import { keepArtifacts } from './tasks/artifacts.ts'
import type { AttemptPorts } from './tasks/attempt.ts'
import { createSpools } from './tasks/spools.ts'
import { secretOf } from './watch/hidden.ts'

type TaskOutputsOptions = {
  folder: string
  /** The daemon's own folder. */
  dataDir: string
  daemonId: Id
  documents: Documents
  tasks: Pick<Records<Task>, 'get'>
  call: (route: string, init?: RequestInit) => Promise<Response>
  send(message: FromDaemon): void
  maxBlobBytes: number
  clock: Clock
  log: Log
}

/** Where what tasks put out and leave behind goes: the live log, our spool, the server's blobs. */
export async function openTaskOutputs(
  { folder, dataDir, daemonId, documents, tasks, call, send, maxBlobBytes, clock, log }: TaskOutputsOptions,
  signal: AbortSignal,
): Promise<Required<Pick<AttemptPorts, 'openLog' | 'artifacts'>> & { run(signal: AbortSignal): Promise<void> }> {
  const root = await openRoot(folder)
  const blobs = createBlobs({ call, persist: persistently({ clock, log }), of: 'task' })
  const spools = createSpools({
    folder: join(dataDir, 'spool'),
    daemonId,
    tasks,
    put: (hash, bytes, until) =>
      blobs.put({ hash, size: bytes.length }, async (at, length) => bytes.subarray(at, at + length), until),
    send,
    clock,
    log,
    signal,
  })
  return {
    openLog: async (taskId, attempt) => {
      const attached = documents.attach({ kind: 'log', taskId, attempt })
      await attached.synced(signal)
      const spool = await spools.open(taskId, attempt)
      const close = () => {
        attached.release()
        void spool.close()
      }
      return { log: openTaskLog(attached.doc), spool, durable: attached.durable, close }
    },
    artifacts: ({ artifacts = [] }) =>
      keepArtifacts(artifacts, { root, secretOf, maxBytes: maxBlobBytes, put: blobs.put }, signal),
    run: spools.run,
  }
}
