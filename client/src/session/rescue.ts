import { type Clock, type DocPlace, type Log, parseDocPath } from '@tandem/shared'
import { openFile, openFiles } from '@tandem/shared/docs'
import * as Y from 'yjs'
import { databaseName, openPersist, type Persist } from './persist.ts'

/** Everything the server cannot take from this browser, readable by a person and by a later Tandem. */
export type Rescue = {
  workspaceId: string
  savedAt: string
  reason: string
  documents: { epoch: string; doc: string; path?: string; text?: string; update: string }[]
}

/** How long a browser may take to fetch a download; some ask the person first. */
const downloadMs = 60_000

/** A document as it is open in this tab: it may hold what could not be kept. */
type Live = { names(): readonly string[]; get(name: string): Y.Doc | undefined }

/**
 * Collects the documents with unsent changes, with their text where they are files; and the outbox entries they cover,
 * so that what comes later can be told from what was collected.
 */
export async function collectRescue(
  epoch: string,
  persist: Persist,
  live: Live = { names: () => [], get: () => undefined },
): Promise<{ documents: Rescue['documents']; keys: readonly number[] }> {
  const outbox = await persist.outbox()
  const whole = async (name: string): Promise<Uint8Array | undefined> => {
    const open = live.get(name)
    const parts = [
      (await persist.load(name))?.update,
      outbox.get(name)?.update,
      open && Y.encodeStateAsUpdate(open),
    ].filter((part) => part !== undefined)
    return parts.length > 0 ? Y.mergeUpdates(parts) : undefined
  }
  const { byId } = openFiles(docOf(await whole('files'))).snapshot()
  const documents: Rescue['documents'] = []
  for (const name of new Set([...outbox.keys(), ...live.names()])) {
    const update = await whole(name)
    if (!update) continue
    const ref = parseDocPath(name)
    const entry: Rescue['documents'][number] = { epoch, doc: name, update: base64(update) }
    if (ref?.kind === 'file') {
      entry.text = openFile(docOf(update)).snapshot()
      const path = byId.get(ref.fileId)?.path
      if (path !== undefined) entry.path = path
    }
    documents.push(entry)
  }
  return { documents, keys: [...outbox.values()].flatMap(({ keys }) => keys) }
}

/** Hands it to the person as a file; returns the file's name. Whether it was truly saved only the person can tell. */
export function downloadRescue(rescue: Rescue, clock: Clock): string {
  const url = URL.createObjectURL(new Blob([JSON.stringify(rescue, null, 2)], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `tandem-rescue-${rescue.savedAt.slice(0, 19).replaceAll(':', '-')}.json`
  link.click()
  clock.after(downloadMs, () => URL.revokeObjectURL(url))
  return link.download
}

/** Databases of this workspace from earlier epochs: what they hold can no longer be merged. */
export async function oldEpochs({ workspaceId, epoch }: DocPlace): Promise<readonly string[]> {
  const prefix = databaseName(workspaceId, '')
  const names = (await indexedDB.databases?.().catch(() => [])) ?? []
  return names.flatMap(({ name }) =>
    name?.startsWith(prefix) && name !== prefix + epoch ? [name.slice(prefix.length)] : [],
  )
}

/** Whether earlier epochs of this workspace hold unsent changes; those that hold none are thrown away. */
export async function leftBehind(place: DocPlace, log: Log): Promise<boolean> {
  let unsent = false
  for (const epoch of await oldEpochs(place)) {
    const old = openPersist(databaseName(place.workspaceId, epoch), log)
    if ((await old.outbox()).size > 0) {
      unsent = true
      old.close()
    } else await old.destroy()
  }
  return unsent
}

function docOf(update: Uint8Array | undefined): Y.Doc {
  const doc = new Y.Doc()
  if (update) Y.applyUpdate(doc, update)
  return doc
}

function base64(bytes: Uint8Array): string {
  let out = ''
  for (let i = 0; i < bytes.length; i += 0x8000) out += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  return btoa(out)
}
