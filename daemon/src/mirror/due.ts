import type { Id } from '@tandem/shared'

/** What is known to be looked at: the loop takes it out, turn by turn. */
export type Due = {
  /** Paths where something may have changed. */
  readonly hints: Set<string>
  /** Files whose entry or text may have moved. */
  readonly moved: Set<Id>
  /** The whole folder. */
  scan: boolean
  /** The whole index. */
  index: boolean
  hint(path: string): void
  wantScan(): void
  isNothing(): boolean
}

/** In the beginning everything is due. */
export function createDue(poke: () => void): Due {
  const due: Due = {
    hints: new Set(),
    moved: new Set(),
    scan: true,
    index: true,
    hint: (path) => {
      due.hints.add(path)
      poke()
    },
    wantScan: () => {
      due.scan = true
      poke()
    },
    isNothing: () => due.hints.size === 0 && due.moved.size === 0 && !due.scan && !due.index,
  }
  return due
}
