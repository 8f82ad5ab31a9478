import { type DocRef, docPath } from '@tandem/shared'
import { createContext, use, useEffect, useState } from 'react'
import type { DocHandle } from './registry.ts'
import type { Session } from './session.ts'

export const SessionContext = createContext<Session | undefined>(undefined)

/** The workspace this tab has open. */
export function useSession(): Session {
  const session = use(SessionContext)
  if (!session) throw new TypeError('outside of a session')
  return session
}

/** A document for as long as the component shows it; undefined until it is open. */
export function useDoc(ref: DocRef | undefined): DocHandle | undefined {
  const session = useSession()
  const path = ref && docPath(ref)
  const [handle, setHandle] = useState<DocHandle>()
  useEffect(() => {
    if (!ref) return
    const opened = session.open(ref)
    setHandle(opened)
    return () => {
      setHandle(undefined)
      opened.release()
    }
    // oxlint-disable-next-line react/exhaustive-deps -- `path` is what `ref` says
  }, [session, path])
  return handle && path === docPath(handle.ref) ? handle : undefined
}
