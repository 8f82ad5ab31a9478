import { createId } from '@tandem/shared'
import { expect, test } from 'vitest'
import type { DaemonView } from '../session/use-daemon.ts'
import { workspaceStatus } from './workspace-status.ts'

const daemon = (connection: 'online' | 'offline', phase: 'live' | 'seeding' = 'live'): DaemonView => ({
  presence: { id: createId(), name: 'mira-laptop', connection, lastSeenAt: 0 },
  mirror: {
    phase,
    files: 10,
    hidden: [],
    conflicts: [],
    alerts: [],
    ...(phase === 'seeding' && { done: 3, total: 10 }),
  },
})
const at = { online: true, synced: true, now: 60_000 }

test('[S95] the exact words for each of the three', () => {
  expect(workspaceStatus({ ...at, daemon: daemon('online') })).toMatchObject({
    status: 'connected',
    text: 'daemon connected',
  })
  expect(workspaceStatus({ ...at, daemon: daemon('offline') })).toMatchObject({
    status: 'disconnected',
    text: 'daemon offline',
  })
  expect(workspaceStatus({ ...at, daemon: daemon('online', 'seeding') })).toMatchObject({
    status: 'syncing',
    text: 'syncing...',
  })
  expect(workspaceStatus({ ...at, synced: false, daemon: undefined }).status).toBe('syncing')
})

test('[S96] last seen follows the server’s stamp', () => {
  expect(workspaceStatus({ ...at, daemon: daemon('offline') }).detail).toBe('last seen 1 minute ago')
  expect(workspaceStatus({ ...at, daemon: undefined }).detail).toBe('never seen')
})

test('[S93] a browser that is offline does not pretend to know', () => {
  expect(workspaceStatus({ ...at, online: false, daemon: daemon('online') })).toMatchObject({
    status: 'disconnected',
    detail: 'This browser is offline; the daemon was last seen 1 minute ago.',
  })
})
