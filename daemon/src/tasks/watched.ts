/** Processes, each the first of its group, that must not outlive their daemon, and some not a moment of time. */
export type Watched = {
  /** From now on it ends with its daemon, and where `endsAt` is given, then, unless that is put off. */
  add(pid: number, endsAt?: number): void
  /** It has ended: its number may soon be another’s. */
  remove(pid: number): void
  /** None is ended for its time before this. */
  putOff(endsAt: number): void
  /** Ends those whose time is over; answers how long until the next may be, Infinity where none has an end. */
  look(now: number): number
  /** Ends all. */
  endAll(): void
}

/** What a watchdog knows. `kill` ends a process with its group at once; times are the machine’s, in ms. */
export function createWatched(kill: (pid: number) => void): Watched {
  const endsAtByPid = new Map<number, number>()
  let notBefore = -Infinity
  return {
    add: (pid, endsAt = Infinity) => {
      endsAtByPid.set(pid, endsAt)
    },
    remove: (pid) => {
      endsAtByPid.delete(pid)
    },
    putOff: (endsAt) => {
      notBefore = Math.max(notBefore, endsAt)
    },
    look: (now) => {
      let next = Infinity
      for (const [pid, own] of endsAtByPid) {
        const endsAt = Math.max(own, notBefore)
        if (now > endsAt) {
          // It stays on the list until its daemon has seen it end: what could not be killed now is tried again.
          kill(pid)
          next = 0
        } else next = Math.min(next, endsAt - now)
      }
      return next
    },
    endAll: () => {
      for (const pid of endsAtByPid.keys()) kill(pid)
    },
  }
}
