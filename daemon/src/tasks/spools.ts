import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  parseDocPath,
  wait,
  type Clock,
  type FromDaemon,
  type Id,
  type Log,
  type Task,
  type TaskOutput,
} from '@tandem/shared'
import type { Records } from '@tandem/shared/docs'
import { sealSpool } from './seal.ts'
import { openSpool, type Spool } from './spool.ts'

/** The output of one attempt on our disk, until the server has it. */
export type AttemptSpool = Omit<Spool, 'close'> & {
  /** Nothing more comes: it is handed in when it can be, by whoever does that first. */
  close(): Promise<void>
  /** Closes it and brings it to the server, however long that takes; rejects where the disk failed or the server refuses. */
  seal(): Promise<TaskOutput>
}

export type Spools = {
  open(task: Id, attempt: number): Promise<AttemptSpool>
  /** Hands in what no report has named: after a crash, or because the server was away for too long. */
  run(signal: AbortSignal): Promise<void>
}

type SpoolsOptions = {
  /** The daemon's own folder for them. */
  folder: string
  daemonId: Id
  tasks: Pick<Records<Task>, 'get'>
  put: Parameters<typeof sealSpool>[1]
  send(message: FromDaemon): void
  clock: Clock
  log: Log
  /** Ends what is on its way. */
  signal: AbortSignal
}

const everyMs = 5_000
/** What belongs to no task that is known is kept so long. */
const keepMs = 30 * 24 * 3_600_000

/** Spools by attempt, as folders `<task>.<attempt>`: one goes once the task's record says where its output lies. */
export function createSpools({ folder, daemonId, tasks, put, send, clock, log, signal }: SpoolsOptions): Spools {
  /** Ended, and not known to be named by their record. */
  const left = new Set<string>()
  const sealing = new Map<string, Promise<TaskOutput>>()
  const seal = (name: string): Promise<TaskOutput> => {
    const known = sealing.get(name)
    if (known) return known
    const made = sealSpool(join(folder, name), put, signal)
    sealing.set(name, made)
    return made
  }
  const forget = async (name: string) => {
    await rm(join(folder, name), { recursive: true, force: true })
    sealing.delete(name)
    left.delete(name)
  }
  const handIn = async (name: string) => {
    const ref = parseDocPath(`log/${name}`)
    if (ref?.kind !== 'log') return left.delete(name)
    const { taskId, attempt } = ref
    const task = tasks.get(taskId)
    // Unknown is not the same as gone: its record may not be here yet, or not be read by us.
    if (!task) return (await ageOf(name)) > keepMs && forget(name)
    const its = task.attempts.find(({ n }) => n === attempt)
    if (its?.daemonId !== daemonId || its.output?.segments) return forget(name)
    // The record is the answer: until then it is said again.
    if (its.outcome) send({ t: 'output', task: taskId, attempt, output: await seal(name) })
  }
  const ageOf = async (name: string) => clock.now() - (await stat(join(folder, name))).mtimeMs

  return {
    open: async (task, attempt) => {
      const name = `${task}.${attempt}`
      await forget(name)
      const spool = await openSpool(join(folder, name), log)
      let closing: Promise<boolean> | undefined
      const close = () =>
        (closing ??= spool.close().then((isKept) => {
          if (isKept) left.add(name)
          return isKept
        }))
      return {
        write: spool.write,
        room: spool.room,
        close: async () => void (await close()),
        seal: async () => {
          if (!(await close())) throw new Error('the disk failed')
          return seal(name)
        },
      }
    },
    run: async (until) => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      for (const name of await readdir(folder)) left.add(name)
      while (!until.aborted) {
        for (const name of [...left]) {
          await handIn(name).catch((error: unknown) => {
            if (until.aborted) return
            // It stays on disk, for the next session.
            log.warn('the output of a task could not be handed in', { attempt: name, error })
            sealing.delete(name)
            left.delete(name)
          })
        }
        await wait(clock, everyMs, until).catch(() => {}) // Aborted: the loop ends.
      }
    },
  }
}
