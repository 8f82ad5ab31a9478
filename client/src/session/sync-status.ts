import type { LinkState } from './connect.ts'
import type { StorageState } from './persist.ts'
import type { Totals } from './registry.ts'

/** What the pill says: where a person's own work is. */
export type SyncStatus =
  | { pill: 'connecting' | 'synced' | 'saving' | 'signed-out' }
  | { pill: 'offline'; edits: number }
  | { pill: 'cannot-save'; reason: string; edits: number }

type Facts = { link: LinkState; storage: StorageState; totals: Totals; signedOut: boolean; writable: boolean }

/**
 * "Synced" only when the outbox is empty, nothing is on its way, and every open document has had its handshake: an
 * honest verdict or none.
 */
export function syncStatus({ link, storage, totals, signedOut, writable }: Facts): SyncStatus {
  const edits = Math.max(storage.waiting, totals.pending)
  if (storage.failure !== undefined) return { pill: 'cannot-save', reason: storage.failure, edits }
  if (signedOut) return { pill: 'signed-out' }
  // The first moments of a visit: not known yet is not offline.
  if (link.phase === 'connecting') return { pill: 'connecting' }
  if (link.phase === 'offline') return { pill: 'offline', edits }
  if (edits > 0 || totals.synced < totals.open || !writable) return { pill: 'saving' }
  return { pill: 'synced' }
}

/** The pill's words. */
export function pillText(status: SyncStatus): string {
  switch (status.pill) {
    case 'connecting':
      return 'Connecting…'
    case 'synced':
      return 'Synced'
    case 'saving':
      return 'Saving…'
    case 'signed-out':
      return 'Signed out'
    case 'cannot-save':
      return 'Can’t save on this device'
    case 'offline':
      return status.edits === 0 ? 'Offline' : `Offline, ${count(status.edits)} kept here`
    default:
      return status satisfies never
  }
}

const count = (n: number) => `${n.toLocaleString('en')} ${n === 1 ? 'edit' : 'edits'}`
