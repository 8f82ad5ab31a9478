import { memoryOf, processTree } from './process-tree.ts'

type WatchdogOptions = {
  /** The topmost process, or undefined while it is not known yet. */
  root: () => number | undefined
  memMb: number
  procs: number
  /** Set where nothing in the kernel bounds the processes: then we look far more often, since a storm doubles quickly. */
  watchProcesses: boolean
  onExceeded: (reason: 'memory-limit' | 'process-limit') => void
}

/**
 * Watches what the kernel does not bound for us. It samples: an allocation can overshoot for as long as one interval
 * (100 ms; 20 ms with `watchProcesses`). Returns the function that ends it.
 */
export function startWatchdog({ root, memMb, procs, watchProcesses, onExceeded }: WatchdogOptions): () => void {
  const look = () => {
    const top = root()
    if (top === undefined) return
    const pids = processTree(top)
    // bubblewrap's own init is one of them.
    if (watchProcesses && pids.length > procs + 1) return onExceeded('process-limit')
    if (memoryOf(pids) > memMb * 1_048_576) onExceeded('memory-limit')
  }
  const timer = setInterval(look, watchProcesses ? 20 : 100)
  return () => clearInterval(timer)
}
