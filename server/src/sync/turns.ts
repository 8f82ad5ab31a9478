/** How many questions of one asker may wait. */
const maxWaiting = 64

/**
 * Answers the questions of each asker one after the other: who does not wait for answers has no more of them made at
 * once than anybody else. False, and nothing is done, where too many wait already.
 */
export function createTurns(): (asker: object, answer: () => Promise<void>) => Promise<void> | false {
  const askers = new WeakMap<object, { waiting: number; last: Promise<void> }>()
  return (asker, answer) => {
    const before = askers.get(asker) ?? { waiting: 0, last: Promise.resolve() }
    if (before.waiting >= maxWaiting) return false
    const mine = { waiting: before.waiting + 1, last: before.last.catch(() => {}).then(answer) } // told to its own asker
    askers.set(asker, mine)
    return mine.last.finally(() => {
      const now = askers.get(asker)
      if (now) now.waiting -= 1
    })
  }
}
