import type { TaskRunnerPorts } from '@tandem/daemon/run-tasks'
import type { Task } from '@tandem/shared'
import type { Life, World } from './world.ts'

type Execute = TaskRunnerPorts['execute']
type Outcome = Awaited<ReturnType<Execute>>
type Parking = Extract<Outcome, { state: 'parked' }>

export type Process = {
  pid: number
  task: string
  attempt: number
  machine: string
  boot: string
  /** How it ended by itself; undefined where it was ended. */
  ended?: Outcome
}

export type Processes = {
  execute(start: Start): Promise<Outcome>
  alive(): readonly Process[]
  kill(pid: number): void
  endAll(): void
  freeze(): void
  thaw(): void
  areFrozen(): boolean
}
type Start = { task: Task; job: Parameters<Execute>[1]; life: Life; machine: string; boot: string }
type Running = Process & { end: (outcome: Outcome) => void }

/** What a title says its command does: how long it takes, how it ends, and how often it rests before. */
export const titleOf = (n: number, ms: number, exitCode: number, rests = 0): string =>
  `${n}: ${Math.round(ms)} ms, exit ${exitCode}, rests ${rests}`
const saidBy = (title: string) => {
  const [, ms = '0', code = '0', rests = '0'] = /(\d+) ms, exit (\d+), rests (\d+)/.exec(title) ?? []
  return { ms: Number(ms), exitCode: Number(code), rests: Number(rests) }
}
/** What it waits for before it goes on: people, or a while. */
function waitsFor({ random, between }: World): Parking['waits'] {
  if (random() < 0.3) return { restMs: Math.round(between(0, 60_000)) }
  const about = { action: 'x', argsHash: 'h', summary: 'x', reason: 'it waits', risk: 'low' as const }
  return { questions: (random() < 0.5 ? ['a'] : ['a', 'b']).map((call) => ({ ...about, call })) }
}

let pids = 0

/** The commands of one machine. They go on whatever their daemon does, until they end, are ended, or it sleeps. */
export function createProcesses(world: World, { onStart }: { onStart(process: Process): void }): Processes {
  const running = new Map<number, Running>()
  let frozen: (() => void)[] | undefined
  /** Something that happens on the machine, if need be when it is awake again. */
  const here = (call: () => void) => () => (frozen ? void frozen.push(call) : call())

  const killed: Outcome = { state: 'failed', result: { exitCode: null, signal: 'SIGKILL' } }
  const kill = (pid: number) => running.get(pid)?.end(killed)
  return {
    execute: ({ task, job, life, machine, boot }) => {
      if (job.signal.aborted) return Promise.resolve({ state: 'cancelled', result: {} })
      if (world.random() < 0.02) {
        const result = { code: 'spawn', error: 'no process could be started' }
        return new Promise((resolve) => world.after(5, () => life.run(() => resolve({ state: 'failed', result }))))
      }
      const { ms, exitCode, rests } = saidBy(task.title)
      const isToRest = task.attempts.filter(({ outcome }) => outcome === 'parked').length < rests
      const process: Running = { pid: ++pids, task: task.id, attempt: task.attempt, machine, boot, end: () => {} }
      running.set(process.pid, process)
      const hasEnded = job.onProcess(process.pid)
      onStart(process)
      return new Promise((resolve) => {
        process.end = (outcome) => {
          if (!running.delete(process.pid)) return
          life.run(() => {
            hasEnded()
            resolve(outcome)
          })
        }
        const result = { exitCode, signal: `${process.pid}` }
        const own: Outcome = isToRest
          ? { state: 'parked', reason: 'it waits', waits: waitsFor(world), result }
          : { state: exitCode === 0 ? 'completed' : 'failed', result }
        const late: Outcome = { state: 'timed_out', result: { exitCode: null, code: 'timeout' } }
        const [after, outcome] = ms <= job.timeoutMs ? [ms, own] : [job.timeoutMs, late]
        world.after(
          after,
          here(() => ((process.ended = outcome), process.end(outcome))),
        )
        // Asked to end it does so, in its own time; then it is made to.
        const stop = () => {
          const grace = world.random() < 0.3 ? world.between(0, 10_000) : world.between(0, 20)
          world.after(
            grace,
            here(() => process.end({ state: 'cancelled', result: { exitCode: null } })),
          )
        }
        job.signal.addEventListener('abort', stop, { once: true })
        const killAtOnce = () =>
          world.after(
            world.between(0, 50),
            here(() => process.end(killed)),
          )
        job.killSignal.addEventListener('abort', killAtOnce, { once: true })
      })
    },
    alive: () => (frozen ? [] : [...running.values()]),
    kill,
    endAll: () => {
      for (const pid of running.keys()) kill(pid)
    },
    freeze: () => {
      frozen ??= []
    },
    thaw: () => {
      const calls = frozen ?? []
      frozen = undefined
      for (const call of calls) call()
    },
    areFrozen: () => frozen !== undefined,
  }
}
