/** A piece of a run of ids: `hit` where the index has it, and how far into what was put there. */
type Piece<T> = { clock: number; length: number; hit?: { value: T; offset: number } }
export type IdIndex<T> = {
  /** All of the run, in order, cut where the index begins and ends. */
  pieces(client: number, clock: number, length: number): Piece<T>[]
}

/** Looks runs of ids up; of two entries that overlap the one that begins first has what both claim. */
export function indexIds<T>(
  entries: Iterable<readonly [client: number, clock: number, length: number, value: T]>,
): IdIndex<T> {
  type Entry = { from: number; to: number; start: number; value: T }
  const byClient = new Map<number, Entry[]>()
  for (const [client, clock, length, value] of entries) {
    const list = byClient.get(client) ?? []
    byClient.set(client, list)
    list.push({ from: clock, to: clock + length, start: clock, value })
  }
  for (const [client, list] of byClient) {
    let end = 0
    const apart: Entry[] = []
    for (const entry of list.toSorted((a, b) => a.from - b.from)) {
      const from = Math.max(entry.from, end)
      if (from < entry.to) apart.push({ ...entry, from })
      end = Math.max(end, entry.to)
    }
    byClient.set(client, apart)
  }
  return {
    pieces: (client, clock, length) => {
      const list = byClient.get(client)
      const end = clock + length
      const out: Piece<T>[] = []
      let at = clock
      for (let i = list ? firstEndingAfter(list, clock) : 0; list && at < end; i++) {
        const entry = list[i]
        if (!entry || entry.from >= end) break
        if (entry.from > at) out.push({ clock: at, length: entry.from - at })
        const from = Math.max(at, entry.from)
        const to = Math.min(end, entry.to)
        out.push({ clock: from, length: to - from, hit: { value: entry.value, offset: from - entry.start } })
        at = to
      }
      if (at < end) out.push({ clock: at, length: end - at })
      return out
    },
  }
}

/** Notes runs of ids, and tells which parts of each are new. */
export function createCover() {
  const byClient = new Map<number, { from: number; to: number }[]>()
  const pieces = (client: number, clock: number, length: number) => {
    const list = byClient.get(client) ?? []
    const out: { clock: number; length: number; isNew: boolean }[] = []
    let at = clock
    for (let i = firstEndingAfter(list, clock); at < clock + length; i++) {
      const { from, to } = list[i] ?? { from: Infinity, to: Infinity }
      const gap = Math.min(from, clock + length)
      if (at < gap) out.push({ clock: at, length: gap - at, isNew: true })
      if (gap === clock + length) break
      const start = Math.max(at, from)
      at = Math.min(to, clock + length)
      out.push({ clock: start, length: at - start, isNew: false })
    }
    return out
  }
  return {
    /** The parts of a run, without noting it. */
    pieces,
    add: (client: number, clock: number, length: number) => {
      const parts = pieces(client, clock, length)
      const list = byClient.get(client) ?? []
      byClient.set(client, list)
      for (const part of parts)
        if (part.isNew)
          list.splice(firstEndingAfter(list, part.clock), 0, { from: part.clock, to: part.clock + part.length })
      return parts
    },
  }
}

/** The place of the first entry that ends behind `clock`. */
function firstEndingAfter(list: readonly { to: number }[], clock: number): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((list[middle]?.to ?? Infinity) <= clock) low = middle + 1
    else high = middle
  }
  return low
}
