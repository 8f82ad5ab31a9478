import { Id, docPath, parseDocPath } from '@tandem/shared'
import { onTreeChange, openFiles, type Files, type FilesSnapshot } from '@tandem/shared/docs'
import { z } from 'zod'
import type { HttpDeps } from './deps.ts'

/** What became of a file [S72]. */
export const FileEvent = z.object({
  event: z.enum(['created', 'edited', 'moved', 'deleted']),
  path: z.string(),
  from: z.string().optional().describe('Where it was before a move.'),
  id: Id,
  version: z.int().nonnegative().describe('The version with which it was so.'),
})
export type FileEvent = z.infer<typeof FileEvent>

/** Files of which something is to be told: where each was at first, and whether its content is another. */
export type Touched = Map<Id, { from: string | undefined; edited: boolean; seq: number }>

export type FileEvents = {
  /** Gathers in `touched` from now on, and calls `wake`. Returns how to stop. */
  watch(touched: () => Touched, wake: () => void): Promise<() => void>
  /** What happened after a version, up to `head`. */
  since(version: number, head: number): Promise<Touched>
  /** What to tell of them as they are now; resolves once all of it is on disk. */
  told(touched: Touched): Promise<FileEvent[]>
}

const index = docPath({ kind: 'files' })

/** The changes of files as events, for programs that do not speak Yjs [S84] [S88]. */
export function createFileEvents({ documents, updates, history }: HttpDeps): FileEvents {
  let held: Promise<Files> | undefined
  const watchers = new Set<(id: Id, from: string | undefined, edited: boolean, seq: number) => void>()
  const files = () => (held ??= hold())
  const hold = async () => {
    try {
      const { doc } = await documents.hold({ kind: 'files' })
      onTreeChange(doc, (changes) => {
        // Not in the log yet: its number is that of the change before.
        const seq = (updates.stat(index)?.seq ?? 0) + 1
        for (const { id, before, content } of changes)
          for (const tell of watchers) tell(id, before?.deleted ? undefined : before?.path, content, seq)
      })
      return openFiles(doc)
    } catch (e) {
      held = undefined
      throw e
    }
  }
  const pathIn = ({ byId }: FilesSnapshot, id: Id) => {
    const entry = byId.get(id)
    return entry && !entry.deleted ? entry.path : undefined
  }

  return {
    watch: async (touched, wake) => {
      const all = await files()
      const tell = (id: Id, from: string | undefined, edited: boolean, seq: number) => {
        const known = touched().get(id)
        touched().set(id, { from: known ? known.from : from, edited: edited || known?.edited === true, seq })
        wake()
      }
      watchers.add(tell)
      const stop = updates.onAppend(({ doc, seq }) => {
        const ref = parseDocPath(doc)
        // The content of a new file comes before its place, and is told with it.
        const path = ref?.kind === 'file' ? pathIn(all.snapshot(), ref.fileId) : undefined
        if (ref?.kind === 'file' && path !== undefined) tell(ref.fileId, path, true, seq)
      })
      return () => {
        watchers.delete(tell)
        stop()
      }
    },
    since: async (version, head) => {
      const touched: Touched = new Map()
      const then = await history.versions.index(history.versions.resolve(version))
      const now = (await files()).snapshot()
      const edited = new Map<Id, number>()
      let indexSeq = version
      for await (const { doc, seq } of updates.heads({ after: version, upTo: head })) {
        const ref = parseDocPath(doc)
        if (ref?.kind === 'file') edited.set(ref.fileId, seq)
        else if (ref?.kind === 'files') indexSeq = seq
      }
      for (const id of new Set([...then.byId.keys(), ...now.byId.keys()])) {
        const from = pathIn(then, id)
        const at = edited.get(id)
        if (from === pathIn(now, id) && at === undefined) continue
        touched.set(id, {
          from,
          edited: at !== undefined,
          seq: Math.max(at ?? 0, from === pathIn(now, id) ? 0 : indexSeq),
        })
      }
      return touched
    },
    told: async (touched) => {
      const now = (await files()).snapshot()
      const events = [...touched].flatMap(([id, { from, edited, seq: version }]): FileEvent[] => {
        const path = pathIn(now, id)
        if (path === undefined) return from === undefined ? [] : [{ event: 'deleted', path: from, id, version }]
        if (from === undefined) return [{ event: 'created', path, id, version }]
        return [
          ...(from === path ? [] : [{ event: 'moved' as const, path, from, id, version }]),
          ...(edited ? [{ event: 'edited' as const, path, id, version }] : []),
        ]
      })
      // What others do not have on disk yet may still be lost: it is told when it cannot be.
      await updates.pending(index)
      return events
    },
  }
}
