import { systemClock } from '@tandem/shared'
import { lazy, Suspense, useEffect, useState } from 'react'
import { log } from './session/diagnostics.ts'
import { openSession, type Session } from './session/session.ts'
import { SessionContext } from './session/session-context.ts'
import { start, type Start } from './session/start.ts'
import { ShellSkeleton } from './shell-skeleton.tsx'

// Fetched while the server is asked who we are, not after.
const workbench = import('./workbench.tsx')
const Workbench = lazy(() => workbench)
// Who is signed in never sees it.
const Welcome = lazy(async () => ({ default: (await import('./welcome.tsx')).Welcome }))

// Asked for once, at once: the token leaves the address before anything else looks at it.
const firstStart = start(new URLSearchParams(location.search).get('ws'))

/** From the address to a workspace on the screen. */
export function App() {
  const [begin, setBegin] = useState<Start>()
  const [session, setSession] = useState<Session>()
  useEffect(() => {
    void firstStart.then(setBegin)
  }, [])
  useEffect(() => {
    if (begin?.to !== 'open') return
    const ending = new AbortController()
    const opened = openSession({
      first: begin.first,
      token: begin.token,
      clock: systemClock,
      log,
      signal: ending.signal,
    })
    setSession(opened)
    document.title = `${begin.first.workspace.name} · Tandem`
    return () => {
      setSession(undefined)
      ending.abort()
    }
  }, [begin])

  if (begin && begin.to !== 'open') {
    return (
      <Suspense fallback={<ShellSkeleton />}>
        <Welcome begin={begin} onTryAgain={() => location.reload()} />
      </Suspense>
    )
  }
  if (!session) return <ShellSkeleton />
  return (
    <SessionContext value={session}>
      <Suspense fallback={<ShellSkeleton />}>
        <Workbench />
      </Suspense>
    </SessionContext>
  )
}
