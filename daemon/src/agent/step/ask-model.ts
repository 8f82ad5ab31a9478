import { backoffMs, wait, type Clock } from '@tandem/shared'
import { mayPass, type Failure } from './failure.ts'
import { runStep, type Ask, type AskPorts, type StepEnd } from './step.ts'

/** So often is the same asked again before it is given up. */
const maxAttempts = 6
/** Longer than this nobody holds a slot for. */
const longestWaitMs = 2 * 60_000

export type AskEnd = StepEnd | { readonly end: 'later'; readonly until: number; readonly failure: Failure }

type Ports = AskPorts & {
  readonly clock: Clock
  /** The same is asked again then (ms since the epoch); nothing once it is. */
  readonly retryAt: (wait: { until: number; attempt: number; failure: Failure } | undefined) => void
}

/**
 * Asks a model, and again where that may help: as late as the provider wants, else ever later. Each time begins with the
 * messages as they were kept; what was shown of an answer that broke off is void.
 */
export async function askModel(ask: Ask, ports: Ports): Promise<AskEnd> {
  for (let attempt = 1; ; attempt++) {
    const end = await runStep(ask, ports)
    if (end.end !== 'failed' || !mayPass(end.failure) || attempt === maxAttempts) return end
    const { failure } = end
    const ms = failure.retryAfterMs ?? backoffMs(attempt)
    const until = ports.clock.now() + ms
    if (ms > longestWaitMs) return { end: 'later', until, failure }
    ports.retryAt({ until, attempt, failure })
    try {
      await wait(ports.clock, ms, ports.signal)
    } catch {
      return { end: 'stopped', text: '' } // by the signal: nothing else rejects it
    } finally {
      ports.retryAt(undefined)
    }
  }
}
