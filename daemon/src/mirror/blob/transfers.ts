import type { MirrorState } from '@tandem/shared/docs'

/** Large content on its way, one way or the other, for whoever shows it. */
export type Transfers = {
  /** So many bytes are to go; each call says how many of them have. */
  begin(size: number): { at(done: number): void; end(): void }
}

/** Adds up all that is under way; once nothing is, there is nothing to show. */
export function createTransfers(tell: (bytes: MirrorState['bytes']) => void): Transfers {
  let [active, done, total] = [0, 0, 0]
  return {
    begin: (size) => {
      active++
      total += size
      let mine = 0
      const at = (now: number) => {
        done += now - mine
        mine = now
        tell({ done, total })
      }
      at(0)
      return {
        at,
        end: () => {
          active--
          // What broke off comes again as another one.
          total -= size - mine
          if (active === 0) [done, total] = [0, 0]
          tell(active === 0 ? undefined : { done, total })
        },
      }
    },
  }
}
