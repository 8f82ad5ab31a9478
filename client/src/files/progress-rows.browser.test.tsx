import { createId } from '@tandem/shared'
import { MirrorState, openDaemon, openOps, openRequests } from '@tandem/shared/docs'
import { act } from 'react'
import { createRoot } from 'react-dom/client'
import { afterEach, expect, test, vi } from 'vitest'
import { page } from 'vitest/browser'
import * as Y from 'yjs'
import { SessionContext } from '../session/session-context.ts'
import type { Session } from '../session/session.ts'
import { ProgressRows } from './progress-rows.tsx'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('[UI-134] what takes less than 150 ms is not shown; what goes on then follows each step', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  const [opsDoc, daemonDoc] = [new Y.Doc(), new Y.Doc()]
  const ops = openOps(opsDoc)
  const id = createId()
  ops.daemons.set(id, { id, name: 'laptop', connection: 'online', lastSeenAt: 1 })
  const session = { ops, requests: openRequests(new Y.Doc()), open: () => ({ doc: daemonDoc }) }
  const says = (state: object) =>
    act(async () => openDaemon(daemonDoc).set('mirror', MirrorState.parse({ phase: 'live', ...state })))
  const passes = (ms: number) => act(async () => vi.advanceTimersByTime(ms))
  const host = document.body.appendChild(document.createElement('div'))
  const root = createRoot(host)
  await act(async () =>
    root.render(
      <SessionContext value={session as unknown as Session}>
        <ProgressRows />
      </SessionContext>,
    ),
  )
  const bars = () => page.getByRole('progressbar').elements()
  await says({ phase: 'seeding', done: 1, total: 4 })
  await passes(149)
  expect(bars()).toEqual([])
  await says({})
  await passes(1_000)
  await says({ phase: 'seeding', done: 1, total: 4 })
  await passes(149)
  expect(bars()).toEqual([])
  await passes(1)
  expect(bars().map((bar) => [bar.ariaLabel, bar.ariaValueNow])).toEqual([['Sharing 1 of 4 files', '25']])
  await says({ phase: 'seeding', done: 3, total: 4 })
  expect(bars().map((bar) => bar.ariaValueNow)).toEqual(['75'])
  // Without an end it only says that it goes on.
  await says({ phase: 'scanning' })
  expect(bars().map((bar) => bar.ariaValueNow)).toEqual([null])
  await act(async () => root.unmount())
  host.remove()
})
