/**
 * Reads what `git cat-file --batch` prints, as it comes: an answer for each name asked for, in their order. `push` is
 * false once more than `maxBytes` came: then the rest is not wanted.
 */
export function createBlobParser(asked: readonly string[], maxBytes: number) {
  const found = new Map<string, Uint8Array>()
  let [next, taken] = [0, 0]
  let rest: Buffer = Buffer.alloc(0)
  /** Pieces of an object that has not come whole. */
  let pieces: Buffer[] = []
  let waiting = 0

  const take = (): boolean => {
    const end = rest.indexOf(10)
    if (end < 0) return false
    const name = asked[next++]
    const [, type, size] = /^[0-9a-f]{40,64} (\w+) (\d+)$/.exec(rest.toString('latin1', 0, end)) ?? []
    // Missing, or nothing with a content.
    if (type === undefined) {
      rest = rest.subarray(end + 1)
      return true
    }
    const whole = end + 1 + Number(size) + 1
    if (rest.length < whole) {
      next--
      waiting = whole
      return false
    }
    if (type === 'blob' && name !== undefined) found.set(name, new Uint8Array(rest.subarray(end + 1, whole - 1)))
    rest = rest.subarray(whole)
    return true
  }
  return {
    found,
    push: (bytes: Buffer): boolean => {
      taken += bytes.length
      if (taken > maxBytes) return false
      pieces.push(bytes)
      const length = pieces.reduce((sum, each) => sum + each.length, rest.length)
      if (length < waiting) return true
      rest = Buffer.concat([rest, ...pieces])
      pieces = []
      waiting = 0
      while (take());
      return true
    },
  }
}
