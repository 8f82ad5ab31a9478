import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Clock, FromDaemon, Id, Log, Task } from '@tandem/shared'
import { openTaskLog, type Records } from '@tandem/shared/docs'
import { openRoot } from './disk/write.ts'
import { createBlobs } from './link/blobs.ts'
import type { Documents } from './link/documents.ts'
import { persistently } from './link/persistently.ts'
import { secretNames } from './sandbox/secrets.ts'
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
  /** Names of files that the owner hides from commands: they are not kept for them either. */
  hide: readonly string[]
  clock: Clock
  log: Log
}

/** Where what tasks put out and leave behind goes: the live log, our spool, the server's blobs. */
export async function openTaskOutputs(
  { folder, dataDir, daemonId, documents, tasks, call, send, maxBlobBytes, hide, clock, log }: TaskOutputsOptions,
  signal: AbortSignal,
): Promise<
  Required<Pick<AttemptPorts, 'openLog' | 'artifacts' | 'keep'>> & { run(signal: AbortSignal): Promise<void> }
> {
  const root = await openRoot(folder)
  const isHidden = secretNames(hide)
  const isSecret = (name: string) => secretOf(name) !== undefined || isHidden(name)
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
      try {
        const opening = spools.open(taskId, attempt)
        opening.catch(() => {}) // Told below, once the document is there.
        await attached.synced(signal).catch((error: unknown) => {
          void opening.then((spool) => spool.close()).catch(() => {}) // There is nothing to be told of it.
          throw error
        })
        const spool = await opening
        const close = () => {
          attached.release()
          void spool.close()
        }
        return { log: openTaskLog(attached.doc), spool, durable: attached.durable, close }
      } catch (e) {
        attached.release()
        throw e
      }
    },
    artifacts: ({ artifacts = [] }) =>
      keepArtifacts(artifacts, { root, isSecret, maxBytes: maxBlobBytes, put: blobs.put }, signal),
    keep: async (path, bytes) => {
      const blob = { hash: createHash('sha256').update(bytes).digest('hex'), size: bytes.length }
      await blobs.put(blob, async (at, length) => bytes.subarray(at, at + length), signal)
      return { path, blob: blob.hash, size: blob.size }
    },
    run: spools.run,
  }
}
