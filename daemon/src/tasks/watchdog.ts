import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Log } from '@tandem/shared'

/** Ends the processes of tasks where the daemon itself cannot: it hangs, was stopped, or is no more. */
export type Watchdog = {
  /**
   * From now on this process and its group end with the daemon, and at `endsAt` (`machineTime`), where that is given,
   * unless it is put off. What is returned lets go of it: to be called once it has ended.
   */
  watch(pid: number, endsAt?: number): () => void
  /** None is ended for its time before this: the server was heard. */
  putOff(endsAt: number): void
}

/** What is said to its process, each in a line. */
export type ToWatchdog = { watch: number; endsAt?: number } | { release: number } | { putOff: number }

const program = fileURLToPath(new URL('watchdog-process.ts', import.meta.url))
/** It takes some 40 MB, so it is let go of when nothing has run for this long. */
const lingerMs = 60_000

/**
 * A watchdog outside the daemon's event loop, and outside its process: a loop that is blocked runs no timer, and a daemon
 * that is stopped (SIGSTOP, a debugger) none of its threads, while its commands go on. Started with the first of them.
 */
export function createWatchdog(log: Log): Watchdog & { close(): void } {
  const watched = new Map<number, number | undefined>()
  let notBefore: number | undefined
  let child: ChildProcess | undefined
  let linger: NodeJS.Timeout | undefined
  let isClosed = false

  // Written at once: what is said before the loop hangs is heard.
  const tell = (message: ToWatchdog) => child?.stdin?.write(`${JSON.stringify(message)}\n`)
  const tellOf = (pid: number, endsAt: number | undefined) =>
    tell({ watch: pid, ...(endsAt === undefined ? {} : { endsAt }) })

  const start = () => {
    // A group of its own: the key that interrupts a terminal's programs is for the daemon to hear.
    const options: SpawnOptions = { stdio: ['pipe', 'ignore', 'ignore'], detached: true, cwd: '/' }
    const mine = (child = spawn(process.execPath, [program], options))
    mine.unref()
    mine.stdin?.on('error', () => {}) // it has ended, which is told below
    const isOver = () => {
      if (child !== mine) return true
      child = undefined
      return false
    }
    mine.once('error', (error) => {
      // The next command tries again.
      if (!isOver()) log.error('no watchdog: only the daemon itself ends its commands', { error })
    })
    mine.once('exit', (code, signal) => {
      if (isOver()) return
      if (watched.size === 0 || isClosed) return
      log.warn('the watchdog ended and is started again', { code, signal })
      start()
    })
    if (notBefore !== undefined) tell({ putOff: notBefore })
    for (const [pid, endsAt] of watched) tellOf(pid, endsAt)
  }
  const letGo = () => {
    const mine = child
    child = undefined
    mine?.stdin?.end()
  }
  return {
    watch: (pid, endsAt) => {
      clearTimeout(linger)
      watched.set(pid, endsAt)
      if (child) tellOf(pid, endsAt)
      else start()
      return () => {
        watched.delete(pid)
        tell({ release: pid })
        if (watched.size === 0) linger = setTimeout(letGo, lingerMs).unref()
      }
    },
    putOff: (endsAt) => {
      notBefore = endsAt
      tell({ putOff: endsAt })
    },
    close: () => {
      isClosed = true
      clearTimeout(linger)
      letGo()
    },
  }
}
