import type { Clock } from '@tandem/shared'
import type { View } from '@tandem/shared/docs'
import type { LinkState } from './connect.ts'
import type { Tokens } from './token.ts'

/** How often a page without a connection asks who it is to the server. */
const askMs = 15_000

type Deps = {
  link: Pick<View<LinkState>, 'snapshot' | 'subscribe'>
  tokens: Pick<Tokens, 'get' | 'discard'>
  clock: Clock
  signal: AbortSignal
}

/**
 * A socket that is turned away does not say why. While there is none, the page asks for a token now and then: a server
 * that lost its data answers that it knows nobody of that name, and then the page says so and offers what it holds,
 * instead of waiting for ever for a connection.
 */
export function askWhyTurnedAway({ link, tokens, clock, signal }: Deps): void {
  let waiting = false
  const isOffline = () => !signal.aborted && link.snapshot().phase === 'offline'
  const wait = () => {
    if (waiting || !isOffline()) return
    waiting = true
    clock.after(askMs, () => {
      waiting = false
      if (!isOffline()) return
      tokens.discard()
      // What it means is noticed where tokens are kept; a server that is not there is asked again.
      void tokens.get().then(wait, wait)
    })
  }
  link.subscribe(wait)
  wait()
}
