/** What waits for the disk, in bytes of updates. */
export type Backlog = {
  bytes(): number
  /** Told when it passes the limit (true), and when it is well below it again (false). */
  onState(listen: (full: boolean) => void): () => void
}

/** Counts what waits; the reader of sockets stops while it is too much. */
export function createBacklog(maxBytes: number): Backlog & { add(bytes: number): void; take(bytes: number): void } {
  let waiting = 0
  let full = false
  const listeners = new Set<(full: boolean) => void>()
  const setFull = (now: boolean) => {
    if (full === now) return
    full = now
    for (const listen of [...listeners]) listen(now)
  }
  return {
    bytes: () => waiting,
    onState: (listen) => {
      listeners.add(listen)
      return () => listeners.delete(listen)
    },
    add: (bytes) => {
      waiting += bytes
      if (waiting > maxBytes) setFull(true)
    },
    // Half of it first: reading would otherwise stop and go with every batch.
    take: (bytes) => {
      waiting -= bytes
      if (waiting <= maxBytes / 2) setFull(false)
    },
  }
}
