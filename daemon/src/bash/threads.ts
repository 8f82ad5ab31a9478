import { Worker } from 'node:worker_threads'
import type { Clock } from '@tandem/shared'

/** To start one takes longer than most lines: so many wait for the next line, and none for long. */
const maxIdle = 2
const idleMs = 60_000

/** Threads in which lines run. One holds nothing between lines, so that it serves any shell. */
export type Threads = {
  take(): Worker
  /** A line has ended in it, and it is whole. */
  give(thread: Worker): void
  /** Ends those that wait, and each other when its line has ended. */
  close(): void
}

/** `memMb`: what each may hold. */
export function createThreads({ memMb, clock }: { memMb: number; clock: Clock }): Threads {
  const idle = new Map<Worker, () => void>()
  let isClosed = false
  const forget = (thread: Worker) => {
    idle.get(thread)?.()
    idle.delete(thread)
  }
  const end = (thread: Worker) => {
    forget(thread)
    void thread.terminate()
  }
  const start = () => {
    const url = new URL('./shell-thread.ts', import.meta.url)
    const thread = new Worker(url, { name: 'shell', env: {}, resourceLimits: { maxOldGenerationSizeMb: memMb } })
    thread.unref()
    // Who waits for it is told by a listener of its own.
    thread.on('error', () => {}).on('exit', () => forget(thread))
    return thread
  }
  return {
    take: () => {
      const thread = [...idle.keys()].at(-1)
      if (!thread) return start()
      forget(thread)
      return thread
    },
    give: (thread) => {
      if (idle.size >= maxIdle || isClosed) return end(thread)
      idle.set(
        thread,
        clock.after(idleMs, () => end(thread)),
      )
    },
    close: () => {
      isClosed = true
      for (const thread of [...idle.keys()]) end(thread)
    },
  }
}
