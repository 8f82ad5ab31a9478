import { editor } from 'monaco-editor/editor/editor.api.js'

type WorkerOptions = { label?: string; moduleId: string; createData?: unknown; host?: object; keepIdleModels?: boolean }

/** Starts a language's worker, as Monaco's own module of this name does, in whose place this one is taken. */
export function createWebWorker<T extends object>({
  label,
  moduleId,
  createData,
  host,
  keepIdleModels,
}: WorkerOptions) {
  const start = async () => {
    const { getWorker } = self.MonacoEnvironment ?? {}
    if (!getWorker) throw new TypeError('monaco.ts says which worker a language has')
    const worker = await getWorker(moduleId, label ?? 'monaco-editor-worker')
    // The first message only wakes it, the second is what it begins with.
    worker.postMessage('ignore')
    worker.postMessage(createData)
    return worker
  }
  return editor.createWebWorker<T>({
    worker: start(),
    ...(host && { host: host as Record<string, (...args: unknown[]) => unknown> }),
    ...(keepIdleModels !== undefined && { keepIdleModels }),
  })
}
