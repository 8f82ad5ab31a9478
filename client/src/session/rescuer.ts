import type { Clock, DocPlace, Log } from '@tandem/shared'
import type { View } from '@tandem/shared/docs'
import type * as Y from 'yjs'
import { databaseName, openPersist, type Persist } from './persist.ts'
import { collectRescue, downloadRescue, oldEpochs, type Rescue } from './rescue.ts'
import { createState } from './state.ts'

/** Why changes cannot reach the server any more, the gravest first. */
const kinds = ['epoch-changed', 'diverged', 'old-epoch'] as const
type Kind = (typeof kinds)[number]

/** Changes that cannot reach the server any more, waiting for the person to take them along. */
export type RescueState = {
  needed: Kind | 'none'
  /** The file that was handed to the browser, where the person was offered one. */
  copy: string | undefined
  /** Why nothing was let go: what is held here grew after the copy, or cannot be read. */
  trouble: 'changed' | 'unreadable' | undefined
}

type Options = {
  place: DocPlace
  persist: Persist
  /** Documents open in this tab with changes that the server may lack. */
  live: { names(): readonly string[]; get(name: string): Y.Doc | undefined }
  /** Starts the page afresh, once this epoch's copy is gone. */
  restart: () => void
  clock: Clock
  log: Log
}

/**
 * The only place that throws unsent work away, in two steps that a person takes: a copy as one file, whatever it comes
 * from; then, once they say that they have it, what this device holds. Nothing goes that the copy does not hold.
 */
export function createRescuer({ place, persist, live, restart, clock, log }: Options) {
  const state = createState<RescueState>({ needed: 'none', copy: undefined, trouble: undefined })
  const wanted = new Set<Kind>()
  /** What the copy holds, as epoch/key of the outbox. */
  let covered: ReadonlySet<string> = new Set()

  const show = () => {
    const needed = kinds.find((kind) => wanted.has(kind)) ?? 'none'
    if (needed !== state.snapshot().needed) state.set({ needed, copy: undefined, trouble: undefined })
  }
  const done = (kind: Kind) => {
    wanted.delete(kind)
    show()
  }
  /** Where the changes in question lie: this epoch's database, or those of the earlier ones. */
  const stores = async () => {
    if (state.snapshot().needed !== 'old-epoch') return [{ epoch: place.epoch, store: persist, live }]
    const epochs = await oldEpochs(place)
    return epochs.map((epoch) => ({
      epoch,
      store: openPersist(databaseName(place.workspaceId, epoch), log),
      live: undefined,
    }))
  }
  type Held = Awaited<ReturnType<typeof stores>>
  /** All of it, and the outbox entries it covers; undefined where a storage did not answer. */
  const collect = async (held: Held) => {
    const documents: Rescue['documents'] = []
    const keys = new Set<string>()
    for (const { epoch, store, live: open } of held) {
      const found = await collectRescue(epoch, store, open)
      // A tab whose storage fails still has its open documents; an earlier visit's has nothing else.
      if (!open && store.state.snapshot().failure !== undefined) return undefined
      documents.push(...found.documents)
      for (const key of found.keys) keys.add(`${epoch}/${key}`)
    }
    return { documents, keys }
  }

  const save = (reason: string, documents: Rescue['documents']): string =>
    downloadRescue(
      { workspaceId: place.workspaceId, savedAt: new Date(clock.now()).toISOString(), reason, documents },
      clock,
    )

  let busy = false
  /** One step at a time: a second press while the first is at work is the same press. */
  const step = async (work: (held: Held) => Promise<void>) => {
    if (busy || state.snapshot().needed === 'none') return
    busy = true
    const held = await stores()
    try {
      await work(held)
    } finally {
      for (const { store } of held) if (store !== persist) store.close()
      busy = false
    }
  }

  return {
    state: state as View<RescueState>,
    need: (kind: Kind) => {
      wanted.add(kind)
      show()
    },
    /** A copy of what the server lacks, for whoever wants one: nothing is let go. False where it could not be read. */
    saveUnsent: async (): Promise<boolean> => {
      const found = await collect([{ epoch: place.epoch, store: persist, live }])
      if (found) save(reasons.unsent, found.documents)
      return found !== undefined
    },
    /** Leaves the changes of earlier epochs where they are; asked again at the next visit. */
    postpone: () => done('old-epoch'),
    /** First step: everything as one file. */
    saveCopy: () =>
      step(async (held) => {
        const found = await collect(held)
        if (!found) return state.patch({ trouble: 'unreadable' })
        covered = found.keys
        const copy = save(reasons[state.snapshot().needed === 'diverged' ? 'diverged' : 'anew'], found.documents)
        state.patch({ copy, trouble: undefined })
      }),
    /** Second step, after the person said that they have the file: forgets what it holds. */
    letGo: () =>
      step(async (held) => {
        const { needed, copy } = state.snapshot()
        if (copy === undefined) return
        const found = await collect(held)
        if (!found) return state.patch({ copy: undefined, trouble: 'unreadable' })
        if (![...found.keys].every((key) => covered.has(key)))
          return state.patch({ copy: undefined, trouble: 'changed' })
        for (const { store } of held) await store.destroy()
        if (needed === 'old-epoch') done(needed)
        else restart()
      }),
  }
}

const reasons = {
  diverged: 'The server did not accept these changes.',
  anew: 'The workspace was made anew on the server.',
  unsent: 'These changes had not reached the server.',
}
