import { type Clock, docPath, parseDocPath, type DocRef } from '@tandem/shared'
import type { View } from '@tandem/shared/docs'
import type * as Y from 'yjs'
import type { DocState, OpenDoc } from './open-doc.ts'
import { createState } from './state.ts'

/** A tab that is switched away from and back, or a component that mounts twice, should not cost a handshake. */
const lingerMs = 5_000

export type DocHandle = {
  readonly ref: DocRef
  readonly doc: Y.Doc
  readonly state: View<DocState>
  readonly provider: OpenDoc['provider']
  onStateless(call: (payload: string) => void): () => void
  release(): void
}

export type Totals = {
  /** Documents in use, how many of them are in step with the server, and own changes it may lack. */
  open: number
  synced: number
  pending: number
  /** Documents whose copy here the server will not take. */
  diverged: readonly string[]
}

/** Opens each document once however many want it, and closes it a while after the last of them let go. */
export function createRegistry(clock: Clock, open: (ref: DocRef) => OpenDoc) {
  type Entry = { doc: OpenDoc; uses: number; cancelClose: (() => void) | undefined; unwatch: () => void }
  const entries = new Map<string, Entry>()
  const totals = createState<Totals>({ open: 0, synced: 0, pending: 0, diverged: [] })

  const count = () => {
    const states = [...entries].map(([path, { doc }]) => ({ path, ...doc.state.snapshot() }))
    const diverged = states.filter((s) => s.diverged).map((s) => s.path)
    const before = totals.snapshot().diverged
    totals.patch({
      open: states.length,
      synced: states.filter((s) => s.synced).length,
      pending: states.reduce((n, s) => n + s.pending, 0),
      diverged: diverged.join() === before.join() ? before : diverged,
    })
  }
  const close = (path: string) => {
    const entry = entries.get(path)
    if (!entry || entry.uses > 0) return
    entries.delete(path)
    entry.unwatch()
    entry.doc.close()
    count()
  }
  const acquire = (ref: DocRef): Entry => {
    const path = docPath(ref)
    const held = entries.get(path)
    if (held) {
      held.cancelClose?.()
      held.cancelClose = undefined
      held.uses++
      return held
    }
    const doc = open(ref)
    const entry: Entry = { doc, uses: 1, cancelClose: undefined, unwatch: doc.state.subscribe(count) }
    entries.set(path, entry)
    count()
    return entry
  }
  const release = (path: string) => {
    const entry = entries.get(path)
    if (!entry || --entry.uses > 0) return
    const later = () => {
      // Not before the server has what was written here.
      if (entry.doc.state.snapshot().pending > 0) entry.cancelClose = clock.after(lingerMs, later)
      else close(path)
    }
    entry.cancelClose = clock.after(lingerMs, later)
  }

  return {
    totals,
    open: (ref: DocRef): DocHandle => {
      const { doc } = acquire(ref)
      let held = true
      return {
        ref,
        doc: doc.doc,
        state: doc.state,
        provider: doc.provider,
        onStateless: (call) => {
          const listen = ({ payload }: { payload: string }) => call(payload)
          doc.provider.on('stateless', listen)
          return () => doc.provider.off('stateless', listen)
        },
        release: () => {
          if (held) release(doc.path)
          held = false
        },
      }
    },
    /** The document if it is open here. */
    get: (path: string): OpenDoc | undefined => entries.get(path)?.doc,
    /** Documents open here with own changes that the server may lack, or will not take. */
    unsent: (): readonly string[] =>
      [...entries].flatMap(([path, { doc }]) => {
        const { pending, diverged } = doc.state.snapshot()
        return pending > 0 || diverged ? [path] : []
      }),
    /** Opens what another visit left unsent, for as long as it takes the server to have it. */
    adopt: (path: string, update: Uint8Array, keys: readonly number[]) => {
      const ref = parseDocPath(path)
      if (!ref) return
      acquire(ref).doc.adopt(update, keys)
      release(path)
    },
    close: () => {
      for (const entry of entries.values()) {
        entry.cancelClose?.()
        entry.unwatch()
        entry.doc.close()
      }
      entries.clear()
    },
  }
}

export type Registry = ReturnType<typeof createRegistry>
