import { useCallback, useLayoutEffect, useRef } from 'react'

/** The same function for as long as the component lives, which does what the last rendered one does: for memoised children, in event handlers. */
export function useStable<A extends unknown[]>(call: (...args: A) => void): (...args: A) => void {
  const latest = useRef(call)
  useLayoutEffect(() => {
    latest.current = call
  })
  return useCallback((...args: A) => latest.current(...args), [])
}
