import type * as Y from 'yjs'
import { z } from 'zod'
import { createId, Id } from '../base/ids.ts'
import { checkPath } from '../base/path.ts'
import { openRecords } from './records.ts'
import { cachedView, type View } from './view.ts'

/** A tombstone: who deleted, when, and the text's Yjs snapshot (base64) at that moment, so that a later edit can be told from the deleted content and wins over the deletion. */
export const Deleted = z.object({ by: Id, at: z.number(), snapshot: z.string().optional() })

function isPath(raw: string): boolean {
  const checked = checkPath(raw)
  return 'path' in checked && checked.path === raw
}

/** What people decide about a file. Kept apart from `facts`, so that a size never overwrites a rename. */
export const TreeEntry = z.object({
  // A peer may be hostile: what is no path of ours is not shown, nor mirrored.
  path: z.string().refine(isPath, 'not a path'),
  kind: z.enum(['text', 'blob', 'dir', 'symlink']),
  deleted: Deleted.optional(),
})
export type TreeEntry = z.infer<typeof TreeEntry>

/** What the daemon knows of the file on disk. */
export const FileFacts = z.object({
  size: z.number(),
  exec: z.boolean().default(false),
  eol: z.enum(['lf', 'crlf', 'mixed']).default('lf'),
  bom: z.boolean().default(false),
  /** Hash of the content of a blob; of a symlink, its target. */
  blob: z.string().optional(),
  /** Of a text with mixed line ends, the blob of its bytes as they were once: another folder takes the ends from it. */
  ends: z.string().optional(),
  /** Why the content is not shared, where it is not: too large, unreadable, binary. */
  withheld: z.string().optional(),
})
export type FileFacts = z.infer<typeof FileFacts>

export type FileEntry = TreeEntry & { id: Id; facts: FileFacts | undefined }

export type FilesSnapshot = {
  readonly byId: ReadonlyMap<Id, FileEntry>
  /** Living entries; where two claim one path, the lower id has it until the daemon settles it. */
  readonly byPath: ReadonlyMap<string, FileEntry>
}

export type Files = View<FilesSnapshot> & {
  get(id: Id): FileEntry | undefined
  /** Adds an entry and returns its id; the path must already be parsed (`parsePath`). `id` where the content was put first. */
  create(path: string, kind: TreeEntry['kind'], facts?: FileFacts, id?: Id): Id
  move(id: Id, path: string): void
  remove(id: Id, deleted: z.infer<typeof Deleted>): void
  restore(id: Id): void
  setFacts(id: Id, facts: FileFacts): void
  /** Entries that are shown to nobody because they do not parse, such as one whose path leads outside: for the log. */
  unreadable(): readonly { id: string; path: unknown }[]
  /** One transaction, one update. `origin` as in Yjs. */
  transact<T>(work: () => T, origin: unknown): T
}

/** The index of a workspace: which files there are. Their texts are documents of their own. */
export function openFiles(doc: Y.Doc): Files {
  const tree = openRecords(doc, 'tree', TreeEntry)
  const facts = openRecords(doc, 'facts', FileFacts)
  const entry = (id: Id): FileEntry | undefined => {
    const record = tree.get(id)
    return record && { ...record, id, facts: facts.get(id) }
  }
  const view = cachedView<FilesSnapshot>(
    () => {
      const byId = new Map<Id, FileEntry>()
      const byPath = new Map<string, FileEntry>()
      for (const id of tree.snapshot().keys()) {
        const e = entry(id)
        if (!e || !Id.safeParse(id).success) continue
        byId.set(id, e)
        const holder = byPath.get(e.path)
        if (!e.deleted && (!holder || id < holder.id)) byPath.set(e.path, e)
      }
      return { byId, byPath }
    },
    (changed) => {
      tree.subscribe(changed)
      facts.subscribe(changed)
    },
  )
  const change = (id: Id, f: (e: TreeEntry) => TreeEntry) => {
    const record = tree.get(id)
    if (record) tree.set(id, f(record))
  }
  return {
    ...view,
    get: entry,
    create: (path, kind, known, id = createId()) => {
      tree.set(id, { path, kind })
      if (known) facts.set(id, lean(known))
      return id
    },
    move: (id, path) => change(id, (e) => ({ ...e, path })),
    remove: (id, deleted) => change(id, (e) => ({ ...e, deleted })),
    restore: (id) => change(id, ({ path, kind }) => ({ path, kind })),
    setFacts: (id, known) => {
      facts.set(id, lean(known))
    },
    unreadable: () => {
      const raw = doc.getMap<{ path?: unknown } | undefined>('tree')
      return tree.unreadable().map((id) => ({ id, path: raw.get(id)?.path }))
    },
    transact: (work, origin) => doc.transact(work, origin),
  }
}

/** Without what goes without saying: every reader fills it in, and in an index of thousands it is most of the bytes. */
function lean({ exec, eol, bom, ...rest }: FileFacts): FileFacts {
  const said: z.input<typeof FileFacts> = {
    ...rest,
    ...(exec && { exec }),
    ...(eol !== 'lf' && { eol }),
    ...(bom && { bom }),
  }
  return said as FileFacts
}
