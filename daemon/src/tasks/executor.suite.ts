import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createId } from '@tandem/shared'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Executor, Job, Outcome } from './execute.ts'

type Payload = Job['payload']
type Kind = Payload['kind']

/** How one kind of task is asked for what every kind must be able to do. Paths are relative to the workspace's root. */
export type Programs = {
  /** Writes `one` to stdout, waits for the file `go`, writes `two` to stderr, and ends with exit code 3. */
  speaks: Payload
  /** Never ends; it, and a process it started, write `ended` when they are asked to end, and then do. */
  polite: Payload
  /** Never ends, nor does a process it started that ignores to be asked; each has `mark` in its command line. */
  deaf(mark: string): Payload
  /** Writes that many bytes, and after them `the end`. */
  floods(bytes: number): Payload
  /** Reads all there is to read, then writes `read`. */
  reads: Payload
  /** Makes the file `ran`. */
  makes: Payload
  /** What cannot be started here, and what must be said of it. */
  absent: { payload: Payload; says: RegExp }
}

export type ExecutorBed = {
  executor: Executor
  workspace: string
  programs: Programs
  remove(): void
}

/** What an executor of any kind of task keeps. `open` gives one whose grace is as long as it is told. */
export function describeExecutor(kind: Kind, how: string, open: (graceMs: number) => Promise<ExecutorBed>): void {
  describe(`the executor of ${kind} tasks, ${how}`, () => {
    let [bed, patient]: ExecutorBed[] = []
    beforeAll(async () => void ([bed, patient] = await Promise.all([open(200), open(600_000)])))
    afterAll(() => [bed, patient].forEach((each) => each?.remove()))

    const begin = (
      payload: Payload,
      { executor = bed?.executor, ...more }: Partial<Job> & Partial<ExecutorBed> = {},
    ) => {
      const [stop, kill] = [new AbortController(), new AbortController()]
      const said = { stdout: '', stderr: '' }
      const processes = { begun: 0, ended: 0 }
      const outcome = (executor as Executor)({
        task: { id: createId(), attempt: 1 },
        payload,
        timeoutMs: 60_000,
        onOutput: (stream, bytes) => void (said[stream] += new TextDecoder().decode(bytes)),
        signal: stop.signal,
        killSignal: kill.signal,
        onProcess: () => {
          processes.begun++
          return () => void processes.ended++
        },
        onTerminal: () => {},
        ...more,
      })
      const says = (stream: 'stdout' | 'stderr', words: string | RegExp) =>
        vi.waitFor(() => expect(said[stream]).toMatch(words), { timeout: 20_000 })
      return { outcome, said, says, processes, stop: () => stop.abort('cancelled'), kill: () => kill.abort() }
    }
    const programs = () => bed?.programs as Programs
    const at = (name: string) => join(bed?.workspace as string, name)

    test('[TSK-80] output of both streams comes as it is written, then the exit code', async () => {
      const run = begin(programs().speaks)
      await run.says('stdout', 'one')
      expect(run.said.stderr).toBe('')
      writeFileSync(at('go'), '')
      const { state, result } = await run.outcome
      expect(state).toBe('failed')
      expect(result).toMatchObject({ exitCode: 3, error: 'it ended with exit code 3' })
      expect(run.said).toEqual({ stdout: 'one\n', stderr: 'two\n' })
      expect(run.processes).toEqual({ begun: 1, ended: 1 })
    })

    test('[TSK-80] [S136] what does not end within its time is ended, and nothing of it is left', async () => {
      const mark = newMark()
      const { state, result } = await begin(programs().deaf(mark), { timeoutMs: 500 }).outcome
      expect({ state, result }).toMatchObject({ state: 'timed_out', result: { code: 'timeout', exitCode: null } })
      expect(result.error).toBe('it did not end within 0.5 s')
      expect(running(mark)).toBe(0)
    })

    test('[TSK-81] what is cancelled is asked to end, the whole tree of it, and given the time', async () => {
      const run = begin(programs().polite, patient)
      await run.says('stdout', /ready[^]*ready/)
      run.stop()
      expect(await run.outcome).toMatchObject({ state: 'cancelled' })
      expect(run.said.stdout.match(/ended/g)).toHaveLength(2)
    })

    test('[TSK-81] what does not heed that is killed after a while, the whole tree of it', async () => {
      const mark = newMark()
      const run = begin(programs().deaf(mark))
      await vi.waitFor(() => expect(running(mark)).toBeGreaterThanOrEqual(2), { timeout: 20_000 })
      run.stop()
      expect(await run.outcome).toMatchObject({ state: 'cancelled', result: { exitCode: null } })
      expect(running(mark)).toBe(0)
    })

    test('[TSK-82] it is killed at once where that is asked for, also while it has still time to end', async () => {
      const mark = newMark()
      const run = begin(programs().deaf(mark), patient)
      await vi.waitFor(() => expect(running(mark)).toBeGreaterThanOrEqual(2), { timeout: 20_000 })
      run.stop()
      run.kill()
      expect(await run.outcome).toMatchObject({ state: 'cancelled' })
      expect(running(mark)).toBe(0)
    })

    test('[TSK-83] what is over before it starts never starts', async () => {
      const over = { signal: AbortSignal.abort('cancelled'), killSignal: new AbortController().signal }
      expect(await begin(programs().makes, over).outcome).toMatchObject({ state: 'cancelled' })
      expect(existsSync(at('ran'))).toBe(false)
      expect(await begin(programs().makes).outcome).toMatchObject({ state: 'completed' })
      expect(existsSync(at('ran'))).toBe(true)
    })

    test('[TSK-83] what cannot be started says why', async () => {
      const { payload, says } = programs().absent
      const run = begin(payload)
      // An executor may answer, or throw what `createExecute` makes an answer of.
      const outcome = await run.outcome.catch((e: Error): Outcome => ({
        state: 'failed',
        result: { error: e.message },
      }))
      expect(outcome.state).toBe('failed')
      expect(outcome.result.error).toMatch(says)
    })

    test('[TSK-84] however much is written, little of it is held: a slow reader makes it wait', async () => {
      const bytes = 16 * 2 ** 20
      const seen = { bytes: 0, largest: 0, atOnce: 0, most: 0, last: '' }
      const onOutput: Job['onOutput'] = async (_, piece) => {
        seen.most = Math.max(seen.most, ++seen.atOnce)
        seen.largest = Math.max(seen.largest, piece.length)
        seen.bytes += piece.length
        seen.last = (seen.last + new TextDecoder().decode(piece)).slice(-20)
        await new Promise(setImmediate)
        seen.atOnce--
      }
      expect(await begin(programs().floods(bytes), { onOutput }).outcome).toMatchObject({ state: 'completed' })
      expect(seen).toMatchObject({ atOnce: 0, most: 1, last: expect.stringContaining('the end') })
      expect(seen.bytes).toBeGreaterThanOrEqual(bytes)
      expect(seen.largest).toBeLessThanOrEqual(2 ** 20)
    })

    test('[TSK-80] there is nothing to read', async () => {
      const run = begin(programs().reads)
      expect(await run.outcome).toMatchObject({ state: 'completed', result: { exitCode: 0 } })
      expect(run.said.stdout).toContain('read')
    })
  })
}

let marks = 0
/** A number of seconds that nobody else sleeps. */
const newMark = () => `3${process.pid}${++marks}`

/** How many processes of the machine have this as their last argument. */
const running = (mark: string): number =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').endsWith(`\0${mark}\0`)
    } catch {
      return false // it ended while we looked
    }
  }).length
