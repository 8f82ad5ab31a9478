import { backoffMs, TandemError, wait, type Clock } from '@tandem/shared'
import { runChild, type Program } from './child.ts'
import type { Failure, Say } from './say.ts'

/** A program gave up for a reason of its own, before it ever worked. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed'
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

export type Supervised = {
  /** Tells the supervisor that the program works: from now on it is started again whatever happens. */
  works(): void
  /** Settles when the program has ended for good. Rejects with ProgramFailed where it never worked. */
  ended: Promise<void>
}

const steadyMs = 30_000
const triesToStart = 3

/** Keeps a program running until `stop`: a crash heals by itself, at once and then ever more slowly, and is told. */
export function supervise(
  program: Program,
  { say, clock, stop, force }: { say: Say; clock: Clock; stop: AbortSignal; force: AbortSignal },
): Supervised {
  let worked = false
  const keep = async () => {
    for (let crashes = 0; !stop.aborted; crashes++) {
      const { code, signal, failure, livedMs } = await runChild(program, { stop, force })
      if (stop.aborted) return
      if (!worked && (failure || crashes + 1 >= triesToStart))
        throw new ProgramFailed(failure ?? neverStarted(program.name))
      if (livedMs > steadyMs) crashes = 0
      const how = failure ? failure.message : signal ? `was ended by ${signal}` : `ended with exit code ${code}`
      say.err(`The ${program.name} ${failure ? 'gave up: ' : ''}${how}. Starting it again.`)
      await wait(clock, backoffMs(crashes, { baseMs: 500, maxMs: 10_000 }), stop).catch(() => {}) // stopping: no more waiting
    }
  }
  return { works: () => (worked = true), ended: keep() }
}

const neverStarted = (name: string): Failure => {
  const e = new TandemError('internal', { reason: `the ${name} ends as soon as it starts; its log tells why` })
  return { t: 'failed', code: e.code, message: e.message }
}
