import { statfsSync } from 'node:fs'
import type { FolderIndex } from './folder-index.ts'
import { measureGrowth, unlinkedBytes } from './growth-measure.ts'

type GrowthOptions = {
  workspace: string
  index: FolderIndex
  limits: { readonly growthMb: number; readonly growthFiles: number }
  /** When the command began, by the clock of the workspace's file system, in ms since the epoch. */
  startedAt: number
  /** The processes of the command: what they hold open and have unlinked takes space too. */
  pids: () => readonly number[]
  onExceeded: () => void
}

const lookMs = 100
/** Looking through the folder takes at most this part of the time. */
const duty = 1 / 5

/**
 * Tells when a command fills the workspace. What the file system says of itself costs 6 µs and is asked all the time;
 * only where half of the limit may have been used, by whomever, is the folder looked at: the folders that changed since
 * the command began, and in them what was born since. (Space that others free meanwhile hides as much.) Returns the
 * function that ends it.
 */
export function watchGrowth({ workspace, index, limits, startedAt, pids, onExceeded }: GrowthOptions): () => void {
  const before = statfsSync(workspace)
  const maxBytes = limits.growthMb * 1_048_576
  const over = new AbortController()
  let nextLookAt = 0
  let working = false

  const look = async () => {
    const now = statfsSync(workspace)
    const usedBytes = (before.bfree - now.bfree) * now.bsize
    // Some file systems do not count their files: there the folder is looked at all the time.
    const mayBeMany = now.files === 0 || before.ffree - now.ffree > limits.growthFiles / 2
    if (usedBytes <= maxBytes / 2 && !mayBeMany) return
    const from = performance.now()
    const isThorough = usedBytes > maxBytes
    const how = { index, startedAt, maxFiles: limits.growthFiles, isThorough, signal: over.signal }
    const grown = await measureGrowth(workspace, how)
    nextLookAt = performance.now() + (performance.now() - from) / duty
    if (over.signal.aborted) return
    const unlinked = unlinkedBytes(workspace, pids())
    const bytes = grown.newBytes + unlinked.bytes
    // What cannot be seen, and what is older and was written to, counts where the file system says that so much is gone.
    const mayBeLarge = bytes + grown.changedBytes > maxBytes || grown.isPartial || unlinked.isPartial
    if (grown.newFiles > limits.growthFiles || bytes > maxBytes || (isThorough && mayBeLarge)) onExceeded()
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
