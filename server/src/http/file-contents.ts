import { TandemError, createId, diffText, docPath, type DocRef, type Id, type Settings } from '@tandem/shared'
import { openFile, type FileEntry, type FileFacts } from '@tandem/shared/docs'
import type { BlobStore } from '../store/blobs.ts'
import type { UpdateLog } from '../store/log.ts'
import type { Documents } from '../sync/documents.ts'
import { perDoc } from '../sync/per-doc.ts'
import { createRoom } from '../sync/room.ts'
import { decodeText, encodeText, etagOf, keepBlob, tagOf, type Current } from './content.ts'

/** Decides, on what stands there at the moment of writing, whether to write: throws where not. */
export type Check = (current: Current) => void

/** In whose name it is done. */
export type Caller = { principal: Id }
export const metaOf = (caller: Caller) => ({ author: caller.principal, origin: 'rest' }) as const

export const textRef = (id: Id): DocRef => ({ kind: 'file', fileId: id })

/** What goes without saying of a file. */
const plain: Omit<FileFacts, 'size'> = { exec: false, eol: 'lf', bom: false }
/** That of a blob; a link and a folder have none. */
export const etagOfBlob = ({ kind, facts }: FileEntry): { etag?: string } =>
  kind === 'blob' && facts?.blob !== undefined && facts.withheld === undefined ? { etag: tagOf(facts.blob) } : {}

type Deps = { documents: Documents; updates: UpdateLog; blobs: BlobStore; settings: Settings }

/** What is in files: texts in documents, anything else in the blob store. */
export function createFileContents({ documents, updates, blobs, settings }: Deps) {
  const fileIn = perDoc(openFile)
  const requireDocRoom = createRoom(updates, settings)
  /** The version with which a document last changed. */
  const versionOf = (doc: DocRef) => updates.stat(docPath(doc))?.seq ?? updates.head()
  const textOf = async ({ id }: FileEntry) =>
    (await documents.peek(textRef(id), (doc) => openFile(doc).snapshot())) ?? ''
  const bytesOf = async (entry: FileEntry) => encodeText(await textOf(entry), entry.facts)
  const etagFor = async (entry: FileEntry) => {
    if (entry.kind !== 'text') return etagOfBlob(entry)
    return entry.facts?.withheld === undefined ? { etag: etagOf(await bytesOf(entry)) } : {}
  }

  const requireSize = (bytes: number, limit: number = settings.maxTextBytes) => {
    if (bytes > limit) throw new TandemError('too-large', { reason: 'the file would be too large', bytes, limit })
  }
  /** Edits the text in one step: `edit` sees it as it stands, and throws to leave it so. */
  const change = async (
    { id, facts }: FileEntry,
    caller: Caller,
    check: Check,
    edit: (text: string) => string,
  ): Promise<{ version: number; etag: string }> => {
    const etag = await documents.change(textRef(id), metaOf(caller), (doc) => {
      const file = fileIn(doc)
      const text = file.snapshot()
      check({ etag: etagOf(encodeText(text, facts)) })
      const after = edit(text)
      const bytes = encodeText(after, facts)
      requireSize(bytes.length)
      file.edit(diffText(text, after), undefined)
      return etagOf(bytes)
    })
    return { version: versionOf(textRef(id)), etag }
  }

  /** Keeps content for a file that is to be; answers what to say of it in the index. */
  const takeIn = async (body: Uint8Array, caller: Caller, isText: boolean) => {
    const id = createId()
    const decoded = isText ? decodeText(body) : undefined
    if (!decoded) {
      requireSize(body.length, settings.maxBlobBytes)
      const blob = await keepBlob(blobs, body)
      const facts = { ...plain, size: body.length, blob }
      return { id, kind: 'blob' as const, facts, etag: tagOf(blob) }
    }
    requireSize(body.length)
    const { text, eol, bom } = decoded
    const facts = { ...plain, size: body.length, eol, bom }
    requireDocRoom(textRef(id))
    await documents.change(textRef(id), metaOf(caller), (doc) =>
      fileIn(doc).edit([{ at: 0, del: 0, ins: text }], undefined),
    )
    return { id, kind: 'text' as const, facts, etag: etagOf(encodeText(text, facts)) }
  }
  return { versionOf, textOf, bytesOf, etagFor, requireSize, change, takeIn }
}
