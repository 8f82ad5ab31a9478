import type { Clock } from '@tandem/shared'

/** What nobody has used for so long is forgotten, and beyond so many what was not used for longest. */
const idleMs = 30 * 60_000
const maxSessions = 32

type SessionsOptions<T> = { create(): T; close(value: T): void; clock: Clock }

/** What each session has for itself [S162] [S216] [S221]; without a name it is for a single use. */
export function createSessions<T>({ create, close, clock }: SessionsOptions<T>) {
  const held = new Map<string, { value: T; users: number; cancel(): void }>()
  let isClosed = false
  const forget = (name: string) => {
    const session = held.get(name)
    if (!session) return
    held.delete(name)
    session.cancel()
    close(session.value)
  }
  const isIdle = (name: string) => held.get(name)?.users === 0
  return {
    /** Uses what the session has; it is not forgotten meanwhile. */
    use: async <R>(name: string | undefined, work: (value: T) => Promise<R>): Promise<R> => {
      if (name === undefined) {
        const value = create()
        return work(value).finally(() => close(value))
      }
      const session = held.get(name) ?? { value: create(), users: 0, cancel: () => {} }
      session.cancel()
      session.users++
      // Again at the end: those at the beginning were not used for longest.
      held.delete(name)
      const oldest = held.size >= maxSessions ? [...held.keys()].find(isIdle) : undefined
      if (oldest !== undefined) forget(oldest)
      held.set(name, session)
      try {
        return await work(session.value)
      } finally {
        if (--session.users === 0 && held.get(name) === session) {
          if (isClosed) forget(name)
          else session.cancel = clock.after(idleMs, () => forget(name))
        }
      }
    },
    /** What is in use goes when it is not any more. */
    close: () => {
      isClosed = true
      for (const name of [...held.keys()].filter(isIdle)) forget(name)
    },
  }
}
