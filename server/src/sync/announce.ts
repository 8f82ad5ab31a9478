import type { Connection } from '@hocuspocus/server'
import type { Clock, ToEveryone } from '@tandem/shared'
import type { UpdateLog } from '../store/log.ts'
import type { Context } from './doors.ts'
import type { Documents } from './documents.ts'

/** Version messages are gathered for this long, ms: while someone types, each keystroke is a version. */
const gatherMs = 50

type Deps = { updates: UpdateLog; documents: Pick<Documents, 'broadcast'>; generation: number; clock: Clock }

/** Tells everyone, over `ops`, the workspace's version [S205] and whether the store can write. */
export function createAnnouncer({ updates, documents, generation, clock }: Deps) {
  const say = (message: ToEveryone) => JSON.stringify(message)
  const version = () => say({ t: 'version', generation, seq: updates.head() })
  const store = () => {
    const failure = updates.failure()
    return say(failure ? { t: 'store', writable: false, reason: failure.message } : { t: 'store', writable: true })
  }
  let cancel: (() => void) | undefined
  const stops = [
    updates.onAppend(() => {
      cancel ??= clock.after(gatherMs, () => {
        cancel = undefined
        documents.broadcast({ kind: 'ops' }, version())
      })
    }),
    updates.onState(() => documents.broadcast({ kind: 'ops' }, store())),
  ]
  return {
    greet: (connection: Connection<Context>) => {
      connection.sendStateless(version())
      connection.sendStateless(store())
    },
    stop: () => {
      cancel?.()
      for (const stop of stops) stop()
    },
  }
}
