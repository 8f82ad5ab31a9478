/** What waits for the disk, in bytes of updates: while it is too much, nothing more is taken in. */
export type Backlog = {
  bytes(): number
  isFull(): boolean
  /** Resolves when there is room; undefined where there is. */
  room(): Promise<void> | undefined
  /** Told when it is full (true), and when it is well below the limit again (false). */
  onState(listen: (full: boolean) => void): () => void
}

type Counted = Backlog & {
  add(bytes: number): void
  take(bytes: number): void
  /** While the store fails nobody waits: nothing is taken in at all, and reading goes on. */
  setFailing(failing: boolean): void
}

export function createBacklog(maxBytes: number): Counted {
  let waiting = 0
  let over = false
  let failing = false
  let full = false
  let room = Promise.withResolvers<void>()
  const listeners = new Set<(full: boolean) => void>()
  const update = () => {
    const now = over && !failing
    if (full === now) return
    full = now
    if (full) room = Promise.withResolvers<void>()
    else room.resolve()
    for (const listen of [...listeners]) listen(full)
  }
  return {
    bytes: () => waiting,
    isFull: () => full,
    room: () => (full ? room.promise : undefined),
    onState: (listen) => {
      listeners.add(listen)
      return () => listeners.delete(listen)
    },
    add: (bytes) => {
      waiting += bytes
      if (waiting > maxBytes) over = true
      update()
    },
    take: (bytes) => {
      waiting -= bytes
      // Half of it first: reading would otherwise stop and go with every batch.
      if (waiting <= maxBytes / 2) over = false
      update()
    },
    setFailing: (now) => {
      failing = now
      update()
    },
  }
}
