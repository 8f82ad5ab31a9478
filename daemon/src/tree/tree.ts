import { hash } from 'node:crypto'
import { TandemError, nameOf, parsePath, type Clock, type Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { writeContent } from '../disk/content.ts'
import { commitWith, type Change, type Refused } from './commit.ts'
import { createTextEdits, type TextEdits } from './edit-text.ts'
import { foldersOf, type Folder } from './folders.ts'
import type { Documents } from './ports.ts'

export type TreeOptions = {
  documents: Documents
  /** Whether a file of this name is a secret: it is shown, and neither read nor written. */
  hides: (name: string) => boolean
  /** Why nothing may be written at a path, where that is so; `namesIn` tells what will be in a folder then. */
  mayNotWrite: (path: string, namesIn: (folder: string) => ReadonlySet<string>) => string | undefined
  /** Larger texts are blobs, and larger blobs are refused. */
  maxTextBytes: number
  maxBlobBytes: number
  clock: Clock
}

/** A file as it was read: what is made of it later is compared with this. */
export type Version = { readonly id: Id; readonly path: string; readonly bytes: Uint8Array } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'blob'; readonly blob: string }
)

/** The files of a workspace as its documents say them, with a disk attached or without. Paths are relative to its root. */
export type Tree = {
  /** What is at a path; a folder where only files in it speak of one; undefined where there is nothing. */
  at(path: string): FileEntry | 'folder' | undefined
  /** What is in a folder; undefined where there is none. The root is the empty path. */
  folder(path: string): Folder | undefined
  /** Everything, in no order. */
  entries(): Iterable<FileEntry>
  /** Whether a file may not be read nor written, and why. */
  withheld(entry: Pick<FileEntry, 'path' | 'kind' | 'facts'>): string | undefined
  /** Reads files; throws `not-found`, `forbidden` or `offline`, or what the server could not do. */
  read(paths: readonly string[], signal: AbortSignal): Promise<Version[]>
  /** Reads the texts of files that are not withheld; one that the server cannot read is missing from the answer. */
  texts(ids: readonly Id[], signal: AbortSignal): Promise<ReadonlyMap<Id, string>>
  /**
   * Makes changes together: contents first, so that no file is ever seen empty, then the index in one step; durable when
   * resolved. Answers what was not done, each with the reason. Throws before anything is done where it cannot begin.
   */
  commit(changes: readonly Change[], task: Id | undefined, signal: AbortSignal): Promise<Refused[]>
  /** For whoever has to know exactly what becomes of a text, before it does. */
  edits: TextEdits
}

/** Opens the tree over a workspace's documents. */
export function createTree(options: TreeOptions): Tree {
  const { documents, hides, mayNotWrite, maxTextBytes, maxBlobBytes } = options
  const { files } = documents
  const requireReady = () => {
    if (!documents.ready.snapshot())
      throw new TandemError('offline', { reason: 'the workspace is not connected; nothing was changed' })
  }
  const withheld: Tree['withheld'] = ({ path, kind, facts }) => {
    if (hides(nameOf(path))) return 'it is a secret, by the policy of this machine'
    if (kind === 'symlink') return 'it is a link'
    return facts?.withheld === undefined ? undefined : `its content is not shared: ${facts.withheld}`
  }
  const blobBytes = async (blob: string, limit: number, signal: AbortSignal): Promise<Uint8Array> => {
    const pieces: Uint8Array[] = []
    let size = 0
    for await (const piece of documents.blobs.get(blob, 0, signal)) {
      size += piece.length
      if (size > limit) throw new TandemError('too-large', { reason: 'the file is larger than allowed' })
      pieces.push(piece)
    }
    const bytes = Buffer.concat(pieces)
    if (hash('sha256', bytes) !== blob)
      throw new TandemError('store-corrupt', { reason: 'the server has other bytes than it should' })
    return bytes
  }
  const requireFile = (path: string): FileEntry => {
    const entry = files.snapshot().byPath.get(parsePath(path))
    if (!entry || entry.kind === 'dir')
      throw foldersOf(files.snapshot()).has(path)
        ? new TandemError('conflict', { reason: 'it is a folder', path })
        : new TandemError('not-found', { reason: 'there is no such file', path })
    const why = withheld(entry)
    if (why !== undefined) throw new TandemError('forbidden', { reason: why, path })
    return entry
  }
  const requireWritable = (id: Id) => {
    const entry = files.get(id)
    if (!entry || entry.deleted) throw new TandemError('conflict', { reason: 'somebody removed it meanwhile' })
    const namesIn = (folder: string) => new Set(foldersOf(files.snapshot()).get(folder)?.keys())
    const why = withheld(entry) ?? mayNotWrite(entry.path, namesIn)
    if (why !== undefined) throw new TandemError('forbidden', { reason: why, path: entry.path })
  }
  return {
    edits: createTextEdits(documents, requireWritable),
    at: (path) => {
      const entry = files.snapshot().byPath.get(path)
      return entry ?? (foldersOf(files.snapshot()).has(path) ? 'folder' : undefined)
    },
    folder: (path) => foldersOf(files.snapshot()).get(path),
    entries: () => files.snapshot().byPath.values(),
    withheld,
    read: async (paths, signal) => {
      requireReady()
      const entries = paths.map(requireFile)
      const texts = await documents.read(
        entries.flatMap(({ kind, id }) => (kind === 'text' ? [id] : [])),
        signal,
      )
      const out: Version[] = []
      for (const { id, path, kind, facts } of entries) {
        if (kind === 'text') {
          const found = texts.get(id)
          if (!found) throw new TandemError('store-corrupt', { reason: 'the server cannot read this text', path })
          const { eol = 'lf', bom = false, ends } = facts ?? {}
          const previous =
            eol === 'mixed' && ends !== undefined ? await blobBytes(ends, maxTextBytes, signal) : undefined
          out.push({ id, path, kind, text: found.text, bytes: writeContent(found.text, { eol, bom }, previous) })
        } else {
          const blob = facts?.blob
          if (blob === undefined)
            throw new TandemError('not-found', { reason: 'the bytes of this file are not there yet', path })
          out.push({ id, path, kind: 'blob', blob, bytes: await blobBytes(blob, maxBlobBytes, signal) })
        }
      }
      return out
    },
    texts: async (ids, signal) => {
      requireReady()
      const open = ids.filter((id) => {
        const entry = files.get(id)
        return entry && !entry.deleted && withheld(entry) === undefined
      })
      return new Map([...(await documents.read(open, signal))].map(([id, { text }]) => [id, text]))
    },
    commit: async (changes, task, signal) => {
      requireReady()
      signal.throwIfAborted()
      return commitWith({ ...options, withheld }, changes, task, signal)
    },
  }
}
