import { Worker } from 'node:worker_threads'
import type { Ignore } from './ignore.ts'
import { emptyScan, scanFolder, type Scan } from './scan.ts'
import { addPiece } from './scan-pieces.ts'
import type { FromScanner } from './scan-thread.ts'

/** Looks at the whole folder, again and again. */
export type Scanner = {
  /** `onDir` hears of each shared directory. Throws where the root itself cannot be listed, and when the signal aborts. */
  scan(signal: AbortSignal, onDir: (dir: string) => void): Promise<Scan>
  /** Resolves once its thread is gone, where it had one. */
  close(): Promise<void>
}

/** With more files than this a folder gets a thread for it, which takes some 30 MB; fewer are looked at in 4 ms slices. */
const manyFiles = 20_000

/** Small folders are scanned here, large ones, from the second time on, in a thread of its own. */
export function createScanner(root: string, ignore: Ignore, many = manyFiles): Scanner {
  let files = 0
  let thread: Worker | undefined
  const start = () => {
    const mine = new Worker(new URL('./scan-thread.ts', import.meta.url), { workerData: { root }, name: 'scan' })
    const forget = () => {
      if (thread === mine) thread = undefined
    }
    // Whoever waits for it just now hears of it as well.
    mine.on('error', forget)
    mine.on('exit', forget)
    return mine
  }
  /** Undefined where the thread died. */
  const scanThere = (there: Worker, signal: AbortSignal, onDir: (dir: string) => void) =>
    new Promise<Scan | undefined>((resolve, reject) => {
      const scan = emptyScan()
      const end = (settle: () => void) => {
        there.off('message', take)
        there.off('error', fail)
        there.off('exit', fail)
        signal.removeEventListener('abort', abort)
        settle()
      }
      const take = (message: FromScanner) => {
        if ('done' in message) {
          const { error } = message.done
          return end(() => (error === undefined ? resolve(scan) : reject(error as Error)))
        }
        for (const [dir, names] of message.piece.rules) ignore.enter(dir, names)
        for (const dir of message.piece.dirs) onDir(dir)
        addPiece(scan, message.piece)
      }
      const fail = () => end(() => resolve(undefined))
      const abort = () => {
        // It would go on for a while; the next scan has a new one.
        thread = undefined
        void there.terminate()
        end(() => reject(signal.reason as Error))
      }
      there.on('message', take)
      there.once('error', fail)
      there.once('exit', fail)
      signal.addEventListener('abort', abort, { once: true })
      there.postMessage('scan')
    })
  return {
    scan: async (signal, onDir) => {
      signal.throwIfAborted()
      if (files > many) {
        ignore.refresh()
        thread ??= start()
      }
      // Where it dies on the way, the folder is looked at here.
      const there = files > many && thread ? await scanThere(thread, signal, onDir) : undefined
      const scan = there ?? (await scanFolder(root, ignore, '', signal, onDir))
      files = scan.files.size
      return scan
    },
    close: async () => void (await thread?.terminate()),
  }
}
