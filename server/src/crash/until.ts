import { systemClock, wait } from '@tandem/shared'

/** Looks again and again until it holds; throws after `timeoutMs` with what `why` says then. */
export async function until(look: () => boolean, why: () => string, timeoutMs = 60_000): Promise<void> {
  const over = systemClock.now() + timeoutMs
  while (!look()) {
    if (systemClock.now() > over) throw new Error(`waited ${timeoutMs / 1_000} s in vain: ${why()}`)
    await wait(systemClock, 5)
  }
}
