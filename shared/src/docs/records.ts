import type * as Y from 'yjs'
import type { z } from 'zod'
import { cachedView, type View } from './view.ts'

/** One change of a document, by its Yjs client and that client's clock. */
export type Change = { readonly client: number; readonly clock: number }

/** A Y.Map of plain JSON records by id, each parsed as it is read. */
export type Records<T> = View<ReadonlyMap<string, T>> & {
  get(id: string): T | undefined
  set(id: string, record: T): void
  remove(id: string): void
  /** The Yjs client that wrote an entry as it stands: whose that is, the server's registry says. */
  writer(id: string): number | undefined
  /** The change that wrote it: an id of Yjs', which names the same everywhere. */
  change(id: string): Change | undefined
  /** Ids of entries that do not parse: kept as they are, shown to nobody. */
  unreadable(): readonly string[]
}

/**
 * The only place that knows how records lie in Yjs. A peer may be older than us, or hostile: an entry that does not
 * parse is not shown, and never deleted. Only entries that changed are parsed again.
 */
export function openRecords<S extends z.ZodType>(doc: Y.Doc, name: string, schema: S): Records<z.infer<S>> {
  type T = z.infer<S>
  const map = doc.getMap<unknown>(name)
  const parsed = new Map<string, T>()
  const broken = new Set<string>()
  const read = (id: string) => {
    const raw = map.get(id)
    const result = raw === undefined ? undefined : schema.safeParse(raw)
    if (result?.success) parsed.set(id, result.data)
    else parsed.delete(id)
    if (result && !result.success) broken.add(id)
    else broken.delete(id)
  }
  for (const id of map.keys()) read(id)
  const view = cachedView<ReadonlyMap<string, T>>(
    () => new Map(parsed),
    (changed) =>
      map.observe((event) => {
        for (const id of event.keysChanged) read(id)
        changed()
      }),
  )
  const change = (id: string): Change | undefined => {
    const item = map._map.get(id)
    return item?.deleted === false ? { client: item.id.client, clock: item.id.clock } : undefined
  }
  return {
    ...view,
    get: (id) => parsed.get(id),
    set: (id, record) => {
      map.set(id, record)
    },
    remove: (id) => {
      map.delete(id)
    },
    writer: (id) => change(id)?.client,
    change,
    unreadable: () => [...broken],
  }
}
