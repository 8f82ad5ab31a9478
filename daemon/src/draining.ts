import type { Id } from '@tandem/shared'
import type { Ops, View } from '@tandem/shared/docs'

/**
 * Whether this daemon begins nothing more: somebody asked the server for that, until it is taken back, or somebody at
 * this machine did (`here`), for as long as the daemon lives.
 */
export const drainingOf = (daemons: Ops['daemons'], own: Id, here: AbortSignal): View<boolean> => ({
  snapshot: () => here.aborted || daemons.get(own)?.draining === true,
  subscribe: (wake) => {
    const stop = daemons.subscribe(wake)
    here.addEventListener('abort', wake, { once: true })
    return () => {
      stop()
      here.removeEventListener('abort', wake)
    }
  },
})
