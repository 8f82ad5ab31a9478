import type { FolderIndex } from './folder-index.ts'
import { measureGrowth, unlinkedBytes } from './growth-measure.ts'
import type { Limits } from './limits.ts'

type SizeOptions = {
  folder: string
  index: FolderIndex
  limits: Pick<Limits, 'scratchMb' | 'growthFiles'>
  /** The processes of the command: what they hold open and have unlinked takes space too. */
  pids: () => readonly number[]
  onExceeded: () => void
}

const lookMs = 100
/** Looking takes at most this part of the time. */
const duty = 1 / 5

/** Tells when a folder of a command's own holds more than a memory file system of that size would. Returns what ends it. */
export function watchSize({ folder, index, limits, pids, onExceeded }: SizeOptions): () => void {
  const over = new AbortController()
  const maxFiles = limits.growthFiles
  let nextLookAt = 0
  let working = false

  const look = async () => {
    const from = performance.now()
    const { newFiles, newBytes } = await measureGrowth(folder, {
      ...{ index, startedAt: 0, maxFiles, isThorough: true },
      signal: over.signal,
    })
    const bytes = newBytes + unlinkedBytes(folder, pids()).bytes
    nextLookAt = performance.now() + (performance.now() - from) / duty
    if (!over.signal.aborted && (newFiles > maxFiles || bytes > limits.scratchMb * 1_048_576)) onExceeded()
  }
  const timer = setInterval(() => {
    if (working || performance.now() < nextLookAt) return
    working = true
    void look()
      .catch(() => {}) // the folder is gone: nothing grows in it
      .finally(() => (working = false))
  }, lookMs)
  return () => {
    over.abort()
    clearInterval(timer)
  }
}
