import { useCallback, useEffect, useState } from 'react'

/** What was asked of the server: not here yet, here, or not to be had. */
export type Remote<T> = { is: 'loading' } | { is: 'ready'; value: T } | { is: 'failed'; error: unknown }

/**
 * Asks once shown, and again when `ask` changes or `reload` is called; what is here stays until the new answer comes.
 * `ask` must be stable.
 */
export function useRemote<T>(ask: (signal: AbortSignal) => Promise<T>): readonly [Remote<T>, reload: () => void] {
  const [state, setState] = useState<Remote<T>>({ is: 'loading' })
  const [round, setRound] = useState(0)
  useEffect(() => {
    const ending = new AbortController()
    ask(ending.signal).then(
      (value) => !ending.signal.aborted && setState({ is: 'ready', value }),
      (error: unknown) => !ending.signal.aborted && setState({ is: 'failed', error }),
    )
    return () => ending.abort()
  }, [ask, round])
  const reload = useCallback(() => setRound((n) => n + 1), [])
  return [state, reload]
}
