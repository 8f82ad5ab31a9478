import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { TandemError, type Log } from '@tandem/shared'
import { signalEach } from '../process-tree.ts'
import { makeTemporary, removeTemporary } from '../temporary.ts'
import { answersFd, FromHelper, type Fence, type ToHelper } from './messages.ts'

export type Helper = {
  /** The folder that a fenced line is to be started in: what the library puts there lies in nobody's way. */
  readonly folder: string
  /**
   * How a line of the shell is started so that it is fenced in. A helper that has ended is started anew for the next line.
   * Throws `sandbox-unavailable` where there is none, or it ends meanwhile.
   */
  fence(line: string, fence: Fence): Promise<readonly [string, ...string[]]>
  /** The pid of the one that runs. */
  pid(): number | undefined
  close(): void
}

type Waiting = Map<number, PromiseWithResolvers<readonly [string, ...string[]]>>
type Running = {
  readonly child: ChildProcess
  readonly answers: Socket
  readonly ready: Promise<void>
  readonly waiting: Waiting
}

const program = fileURLToPath(new URL('helper-process.ts', import.meta.url))

/** Holds the one process that the library of another vendor lives in. Nothing of the daemon's environment reaches it but PATH. */
export function createHelper({ path, log }: { path: string; log: Log }): Helper {
  const own = realpathSync(makeTemporary('helper'))
  const folder = join(own, 'here')
  mkdirSync(folder)
  const remove = () => {
    try {
      removeTemporary(own)
    } catch (error) {
      log.warn('the folder of the helper could not be removed', { own, error })
    }
  }
  let running: Running | undefined
  let [asked, asking] = [0, 0]
  const start = (): Running => {
    const child = spawn(process.execPath, ['--no-warnings', program], {
      cwd: folder,
      // What it leaves where it is killed goes with the rest of it.
      env: { PATH: path, HOME: own, TMPDIR: own },
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
    })
    const answers = child.stdio[answersFd] as Socket
    child.stdin?.on('error', () => {}) // it has ended, which is told below
    // Nobody waits for it but who has asked: a program that is done ends, and so does its helper.
    for (const each of [child, child.stdin as Socket, answers]) each.unref()
    const waiting: Waiting = new Map()
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
    ready.catch(() => {}) // told to whoever asks
    const end = (reason: string) => {
      if (running?.child === child) running = undefined
      const error = new TandemError('sandbox-unavailable', { reason })
      reject(error)
      for (const each of waiting.values()) each.reject(error)
      waiting.clear()
    }
    createInterface({ input: answers }).on('line', (line) => {
      const said = FromHelper.safeParse(parsed(line))
      if (!said.success) return void child.kill('SIGKILL')
      const message = said.data
      if (message.t === 'ready') return resolve()
      if (message.t === 'unfit') return end(message.reason)
      const each = waiting.get(message.n)
      waiting.delete(message.n)
      if (message.t === 'fenced') each?.resolve(message.argv)
      else each?.reject(new TandemError('sandbox-unavailable', { reason: message.reason }))
    })
    child.once('error', (e) => end(`its helper could not be started: ${e.message}`))
    child.once('exit', (code, signal) => {
      // What it started for itself, such as the ways to a network that nobody may use.
      if (child.pid !== undefined) signalEach([-child.pid], 'SIGKILL')
      if (running?.child === child) log.warn('the helper of the sandbox ended', { code, signal })
      end('its helper ended')
    })
    return { child, answers, ready, waiting }
  }
  return {
    folder,
    fence: async (line, fence) => {
      const mine = (running ??= start())
      mine.answers.ref()
      asking++
      try {
        await mine.ready
        const n = ++asked
        const answer = Promise.withResolvers<readonly [string, ...string[]]>()
        mine.waiting.set(n, answer)
        mine.child.stdin?.write(`${JSON.stringify({ n, line, fence } satisfies ToHelper)}\n`)
        return await answer.promise
      } finally {
        if (--asking === 0) mine.answers.unref()
      }
    },
    pid: () => running?.child.pid,
    close: () => {
      const ended = running?.child
      running = undefined
      // It takes away its own things first. Where nobody waits for that, the next start does it.
      if (ended) ended.once('exit', remove)
      else remove()
      ended?.stdin?.end()
    },
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // no word of ours
  }
}
