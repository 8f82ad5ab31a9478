import { hash } from 'node:crypto'
import { Level } from 'level'
import { z } from 'zod'
import type { Id } from '@tandem/shared'
import { readContent } from '../../disk/content.ts'
import type { Read } from '../../disk/read.ts'
import { birthmark, identity, type Stat } from '../../disk/stat.ts'
import { createGroupCommit, type Batch } from './group-commit.ts'

/** What disk and document last had in common, for one file: makes every merge three-way. */
export const Shadow = z.object({
  path: z.string(),
  kind: z.enum(['text', 'blob', 'dir', 'symlink']),
  /** `identity` and `birthmark` of the file on disk then. */
  identity: z.string(),
  birthmark: z.string(),
  /** SHA-256 of the bytes, empty where a blob's are not shared (yet); of a symbolic link, its target. */
  hash: z.string(),
  size: z.number(),
  exec: z.boolean(),
  /** Where the document stood (`stateOf`): it included these bytes, durably. */
  state: z.string(),
  /** The document had more than these bytes by then: that is still to be written. */
  behind: z.literal(true).optional(),
  /** Where it is being moved to: for a moment it has both names. */
  moving: z.string().optional(),
})
export type Shadow = z.infer<typeof Shadow>

/** An import under way: sent or not, it is made again after a crash, and once. */
const Ahead = z.object({ update: z.base64(), shadow: Shadow })
/** An export under way: the staged file that is to take the place. Once it has, what is there was ours. */
const Intent = z.object({
  shadow: Shadow,
  staged: z.string(),
  /** When the staged file had changed last by then: since, it was given its name. */
  changedNs: z.string().optional(),
})
/**
 * The inode that an export replaced, kept for a while for a writer that still had it open; `update` is what was written
 * to it since and merged last: after a crash the very same is sent again.
 */
const Capture = z.object({ id: z.string(), file: z.string(), identity: z.string(), update: z.base64().optional() })

export type Ahead = { update: Uint8Array; bytes: Uint8Array; shadow: Shadow }
export type Intent = z.infer<typeof Intent> & { bytes: Uint8Array }
export type Capture = z.infer<typeof Capture> & { key: string; base: Uint8Array }

const kindOnDisk = { text: 'file', blob: 'file', dir: 'dir', symlink: 'symlink' } as const
/** Whether what is there is still of the kind that was shared: anything else has taken its place. */
export const isStill = ({ kind }: Shadow, stat: Stat): boolean => stat.kind === kindOnDisk[kind]

/** The same content, as it lies on disk now. */
export const stamped = (shadow: Shadow, { stat }: Read): Shadow => ({
  ...shadow,
  identity: identity(stat),
  birthmark: birthmark(stat),
})

/** The same file at another place, where it has come to rest. */
export function movedTo(shadow: Shadow, path: string): Shadow {
  const moved = { ...shadow, path }
  delete moved.moving
  return moved
}

export const hashOf = (bytes: Uint8Array): string => hash('sha256', bytes)

const batchFiles = 250

export type Shadows = Awaited<ReturnType<typeof openShadows>>

/**
 * The daemon's memory of the folder, in a Level database of its own: what every file's last common content was, and
 * what was under way when the process died. Writes that must precede a deed are synced; others follow in order.
 */
export async function openShadows(dir: string) {
  const db = new Level<string, string>(dir, { keyEncoding: 'utf8', valueEncoding: 'utf8' })
  await db.open()
  const { commit, commitSynced } = createGroupCommit(db)
  const binary = { valueEncoding: 'view' as const }
  const [metas, aheads, intents, captures, notes] = ['meta', 'ahead', 'intent', 'capture', 'note'].map((name) =>
    db.sublevel(name),
  ) as [S, S, S, S, S]
  const [bytes, aheadBytes, intentBytes, captureBytes] = ['bytes', 'ahead-bytes', 'intent-bytes', 'capture-bytes'].map(
    (name) => db.sublevel<string, Uint8Array>(name, binary),
  ) as [B, B, B, B]
  type S = ReturnType<typeof db.sublevel<string, string>>
  type B = ReturnType<typeof db.sublevel<string, Uint8Array>>

  const shadowById = new Map<Id, Shadow>()
  const idByPath = new Map<string, Id>()
  const idByBirthmark = new Map<string, Id>()
  const forget = (id: Id) => {
    const old = shadowById.get(id)
    if (!old) return
    shadowById.delete(id)
    if (idByPath.get(old.path) === id) idByPath.delete(old.path)
    if (idByBirthmark.get(old.birthmark) === id) idByBirthmark.delete(old.birthmark)
  }
  const remember = (id: Id, shadow: Shadow) => {
    forget(id)
    shadowById.set(id, shadow)
    idByPath.set(shadow.path, id)
    idByBirthmark.set(shadow.birthmark, id)
  }
  /** Files with an import or export under way on disk: for the others there is nothing to end. */
  const underWay = new Set<Id>()
  for (const sublevel of [aheads, intents]) for await (const id of sublevel.keys()) underWay.add(id)
  /** Files that are being put in place, by their birthmarks: they have no shadow yet. */
  const placing = new Map<Id, string>()
  const ended = (batch: Batch, id: Id) => {
    if (!underWay.delete(id)) return
    placing.delete(id)
    for (const sublevel of [aheads, intents]) batch.del(id, { sublevel })
    for (const sublevel of [aheadBytes, intentBytes]) batch.del(id, { sublevel })
  }
  const captured = (batch: Batch, { key, base, ...rest }: Capture) =>
    batch.put(key, JSON.stringify(rest), { sublevel: captures }).put(key, base, { sublevel: captureBytes, ...binary })
  const textOf = (id: Id, content: Uint8Array | undefined): string | undefined => {
    if (!content || hashOf(content) !== shadowById.get(id)?.hash) return undefined
    const read = readContent(content)
    return read.kind === 'text' ? read.text : undefined
  }
  for await (const [id, json] of metas.iterator()) {
    const shadow = Shadow.safeParse(JSON.parse(json))
    // A record of another version is as if it were not there: the file is bound to its document again.
    if (shadow.success) remember(id, shadow.data)
  }

  return {
    get: (id: Id): Shadow | undefined => shadowById.get(id),
    idAt: (path: string): Id | undefined => idByPath.get(path),
    idBorn: (birthmark: string): Id | undefined => idByBirthmark.get(birthmark),
    /** Whether this very file is being put in place just now, under whatever name it is found. */
    isPlacing: (birthmark: string): boolean => [...placing.values()].includes(birthmark),
    all: (): IterableIterator<[Id, Shadow]> => shadowById.entries(),
    size: (): number => shadowById.size,
    /** The text of a file's last common bytes; undefined where they are no text, or not those that were recorded. */
    text: async (id: Id): Promise<string | undefined> => {
      const stored = textOf(id, await bytes.get(id))
      if (stored !== undefined) return stored
      // Recorded a moment ago, it is known before it is stored.
      await commit(() => {})
      return textOf(id, await bytes.get(id))
    },

    /** As `text`, of many at once; those of which it is undefined are missing. */
    texts: async (ids: readonly Id[]): Promise<Map<Id, string>> => {
      const found = await bytes.getMany([...ids])
      const out = new Map<Id, string>()
      for (const [i, id] of ids.entries()) {
        const text = textOf(id, found[i])
        if (text !== undefined) out.set(id, text)
      }
      return out
    },

    /** Records many at once; without bytes, those known before stay. Ends the imports and exports of these files. */
    put: async (entries: readonly { id: Id; shadow: Shadow; bytes?: Uint8Array }[]): Promise<void> => {
      // Not all in one batch: what a large one took is not given back to the system.
      for (let i = 0; i < entries.length; i += batchFiles) {
        await commit((batch) => {
          for (const { id, shadow, bytes: content } of entries.slice(i, i + batchFiles)) {
            remember(id, shadow)
            batch.put(id, JSON.stringify(shadow), { sublevel: metas })
            if (content) batch.put(id, content, { sublevel: bytes, ...binary })
            ended(batch, id)
          }
        })
      }
    },
    remove: async (ids: readonly Id[]): Promise<void> => {
      await commit((batch) => {
        for (const id of ids) {
          forget(id)
          batch.del(id, { sublevel: metas }).del(id, { sublevel: bytes })
          ended(batch, id)
        }
      })
    },

    writeAhead: async (imports: readonly ({ id: Id } & Ahead)[]): Promise<void> => {
      await commitSynced((batch) => {
        for (const { id, update, bytes: content, shadow } of imports) {
          underWay.add(id)
          const json = JSON.stringify({ update: Buffer.from(update).toString('base64'), shadow })
          batch.put(id, json, { sublevel: aheads })
          batch.put(id, content, { sublevel: aheadBytes, ...binary })
        }
      })
    },
    /** Drops what was under way for these files, without having learnt anything. */
    drop: async (ids: readonly Id[]): Promise<void> => {
      // Who takes it back removes the staged file next, whose absence would say that it was placed.
      await commitSynced((batch) => {
        for (const id of ids) ended(batch, id)
      })
    },
    aheads: async (): Promise<[Id, Ahead][]> => {
      const out: [Id, Ahead][] = []
      for await (const [id, json] of aheads.iterator()) {
        const { update, shadow } = Ahead.parse(JSON.parse(json))
        out.push([
          id,
          { update: Buffer.from(update, 'base64'), shadow, bytes: (await aheadBytes.get(id)) ?? new Uint8Array() },
        ])
      }
      return out
    },

    /** Written before a file is replaced: what it will be, and the old inode's whereabouts. */
    intend: async (id: Id, { bytes: content, ...intent }: Intent, capture?: Capture): Promise<void> => {
      underWay.add(id)
      placing.set(id, intent.shadow.birthmark)
      await commitSynced((batch) => {
        batch.put(id, JSON.stringify(intent), { sublevel: intents })
        batch.put(id, content, { sublevel: intentBytes, ...binary })
        if (capture) captured(batch, capture)
      })
    },
    /** Notes how far a replaced inode's content has come into the document, before it does. */
    advance: async (capture: Capture): Promise<void> => {
      await commitSynced((batch) => captured(batch, capture))
    },
    intents: async (): Promise<[Id, Intent][]> => {
      const out: [Id, Intent][] = []
      for await (const [id, json] of intents.iterator()) {
        const intent = Intent.safeParse(JSON.parse(json))
        // Of another version: as if nothing had been under way. What lies there is compared with the document.
        if (!intent.success) continue
        out.push([id, { ...intent.data, bytes: (await intentBytes.get(id)) ?? new Uint8Array() }])
      }
      return out
    },
    captures: async (): Promise<Capture[]> => {
      const out: Capture[] = []
      for await (const [key, json] of captures.iterator()) {
        out.push({ ...Capture.parse(JSON.parse(json)), key, base: (await captureBytes.get(key)) ?? new Uint8Array() })
      }
      return out
    },
    release: async (key: string): Promise<void> => {
      await commit((batch) => batch.del(key, { sublevel: captures }).del(key, { sublevel: captureBytes }))
    },

    note: async (key: string): Promise<string | undefined> => notes.get(key),
    setNote: async (key: string, value: string): Promise<void> => notes.put(key, value),
    /** Forgets every file, as when the documents are of another history. */
    clear: async (): Promise<void> => {
      for (const id of [...shadowById.keys()]) forget(id)
      underWay.clear()
      placing.clear()
      for (const sublevel of [metas, aheads, intents, captures]) await sublevel.clear()
      for (const sublevel of [bytes, aheadBytes, intentBytes, captureBytes]) await sublevel.clear()
    },
    close: async (): Promise<void> => db.close(),
  }
}
