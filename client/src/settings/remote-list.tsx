import { messageOf } from '@tandem/shared'
import type { ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { Failed, Skeleton } from '../ui/states.tsx'
import type { Remote } from '../ui/use-remote.ts'

type RemoteListProps<T> = {
  of: readonly [Remote<readonly T[]>, () => void]
  /** Of what, such as `the members`. */
  what: string
  empty: string
  children: (values: readonly T[]) => ReactNode
}

/** A list asked of the server, in each of its states. */
export function RemoteList<T>({ of: [state, reload], what, empty, children }: RemoteListProps<T>) {
  switch (state.is) {
    case 'loading':
      return <Skeleton label={`Loading ${what}`} widths={[70, 55, 62]} />
    case 'failed':
      return (
        <Failed
          what={`${what[0]?.toUpperCase()}${what.slice(1)} could not be loaded.`}
          safe={`The server said: ${messageOf(state.error)}.`}
          action={<Button onClick={reload}>Try again</Button>}
        />
      )
    case 'ready':
      return state.value.length === 0 ? <p>{empty}</p> : children(state.value)
    default:
      return state satisfies never
  }
}
