import { useCallback, useState } from 'react'

/** State that stays on this device, under `key`; `parse` refuses what an older version left. */
export function useRemembered<T>(key: string, initial: T, parse: (raw: unknown) => T | undefined) {
  const [value, setValue] = useState<T>(() => {
    try {
      return parse(JSON.parse(localStorage.getItem(key) ?? 'null')) ?? initial
    } catch {
      return initial // Storage is blocked, or holds something else.
    }
  })
  const set = useCallback(
    (next: T) => {
      setValue(next)
      try {
        localStorage.setItem(key, JSON.stringify(next))
      } catch {
        // Storage is blocked: it holds for this visit.
      }
    },
    [key],
  )
  return [value, set] as const
}

/** `localStorage` that never throws, for libraries that take a storage. */
export const deviceStorage = {
  getItem: (key: string): string | null => {
    try {
      return localStorage.getItem(key)
    } catch {
      return null // Storage is blocked.
    }
  },
  setItem: (key: string, value: string): void => {
    try {
      localStorage.setItem(key, value)
    } catch {
      // Storage is blocked: it holds for this visit.
    }
  },
}

/** A parser for lists of text. */
export const asStrings = (raw: unknown): string[] | undefined =>
  Array.isArray(raw) && raw.every((v) => typeof v === 'string') ? raw : undefined

/** A parser for what is on or off. */
export const asFlag = (raw: unknown): boolean | undefined => (typeof raw === 'boolean' ? raw : undefined)
