import type { View } from '@tandem/shared/docs'

export type State<T> = View<T> & {
  /** Replaces the value and wakes everybody, unless nothing changed. */
  set(value: T): void
  /** Replaces some fields. */
  patch(part: Partial<T>): void
}

/** A small observable value, for what is not in a document: connection, sign-in, storage. */
export function createState<T extends object>(initial: T): State<T> {
  let value = initial
  const wakes = new Set<() => void>()
  const set = (next: T) => {
    if (sameFields(value, next)) return
    value = next
    for (const wake of [...wakes]) wake()
  }
  return {
    snapshot: () => value,
    subscribe: (wake) => {
      wakes.add(wake)
      return () => wakes.delete(wake)
    },
    set,
    patch: (part) => set({ ...value, ...part }),
  }
}

function sameFields(a: object, b: object): boolean {
  const keys = Object.keys({ ...a, ...b })
  return keys.every((key) => Object.is(a[key as keyof typeof a], b[key as keyof typeof b]))
}
