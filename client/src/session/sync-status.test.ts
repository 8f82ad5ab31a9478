import { expect, test } from 'vitest'
import { pillText, syncStatus } from './sync-status.ts'

const calm = {
  link: { phase: 'connected', since: 0, heardAt: 0 },
  storage: { waiting: 0, failure: undefined },
  totals: { open: 3, synced: 3, pending: 0, diverged: [] },
  signedOut: false,
  writable: true,
} as const

test('[UI-25] synced is said only with an empty outbox and every open document in step', () => {
  expect(syncStatus(calm).pill).toBe('synced')
  expect(syncStatus({ ...calm, storage: { ...calm.storage, waiting: 1 } }).pill).toBe('saving')
  expect(syncStatus({ ...calm, totals: { ...calm.totals, synced: 2 } }).pill).toBe('saving')
  expect(syncStatus({ ...calm, totals: { ...calm.totals, pending: 1 } }).pill).toBe('saving')
  expect(syncStatus({ ...calm, writable: false }).pill).toBe('saving')
})

test('[S97] offline says how many edits are kept here', () => {
  const offline = { ...calm, link: { ...calm.link, phase: 'offline' as const } }
  expect(pillText(syncStatus(offline))).toBe('Offline')
  expect(pillText(syncStatus({ ...offline, storage: { ...calm.storage, waiting: 1 } }))).toBe(
    'Offline, 1 edit kept here',
  )
  expect(pillText(syncStatus({ ...offline, storage: { ...calm.storage, waiting: 2314 } }))).toBe(
    'Offline, 2,314 edits kept here',
  )
})

test('[UI-26] a device that keeps nothing says so before anything else', () => {
  const blocked = { ...calm, signedOut: true, storage: { waiting: 0, failure: 'there is no space left for this site' } }
  expect(pillText(syncStatus(blocked))).toBe('Can’t save on this device')
})
