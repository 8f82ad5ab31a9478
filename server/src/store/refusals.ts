import { createBuckets, type Clock, type Log } from '@tandem/shared'
import type { Audit } from './audit.ts'

const phrases = {
  http: 'request refused',
  socket: 'socket refused',
  document: 'document refused',
  request: 'request refused',
}
type Kind = keyof typeof phrases

/** Where refusals are told: each by itself up to a rate, beyond it their number. */
export type Refusals = {
  /** `actor` is empty for somebody unknown. */
  add(kind: Kind, entry: { actor: string; object: string; details: Readonly<Record<string, unknown>> }): void
}

const perMinute = 20

type Deps = { audit: Pick<Audit, 'add'>; clock: Clock; log: Log; signal: AbortSignal }

/**
 * Every refusal is in the audit [ACC-34], yet a page elsewhere that asks thousands of times a second must not fill the
 * disk: of each kind and actor the first twenty a minute are entries, the rest one entry with their number, a minute on.
 */
export function createRefusals({ audit, clock, log, signal }: Deps): Refusals {
  const buckets = createBuckets({ perMinute, clock })
  /** What was not told one by one, and how to tell it. */
  const left = new Map<string, { times: number; tell: () => void }>()
  signal.addEventListener('abort', () => [...left.values()].forEach(({ tell }) => tell()), { once: true })
  return {
    add: (kind, { actor, object, details }) => {
      const key = `${kind} ${actor}`
      if (buckets.take(key) === 0) {
        log.warn(phrases[kind], { ...details, ...(actor && { actor }) })
        return audit.add({ actor, action: `${kind}.refused`, object, details })
      }
      const rest = left.get(key)
      if (rest) {
        rest.times += 1
        return
      }
      const tell = () => {
        cancel()
        left.delete(key)
        log.warn('more was refused', { kind, times: more.times, ...(actor && { actor }) })
        audit.add({ actor, action: `${kind}.refused`, object: '', details: { times: more.times } })
      }
      const more = { times: 1, tell }
      const cancel = clock.after(60_000, tell)
      left.set(key, more)
    },
  }
}
