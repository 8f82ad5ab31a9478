import { type DocPlace, type Log, parseDocPath } from '@tandem/shared'
import { openFile, openFiles } from '@tandem/shared/docs'
import * as Y from 'yjs'
import { databaseName, openPersist, type Persist } from './persist.ts'

/** Everything the server cannot take from this browser, readable by a person and by a later Tandem. */
export type Rescue = {
  workspaceId: string
  epoch: string
  savedAt: string
  reason: string
  documents: { doc: string; path?: string; text?: string; update: string }[]
}

/** Collects the documents with unsent changes (or those named), with their text where they are files. */
export async function collectRescue(
  place: DocPlace,
  persist: Persist,
  reason: string,
  also: readonly string[] = [],
): Promise<Rescue> {
  const names = new Set([...(await persist.outbox()).keys(), ...also])
  const index = await persist.load('files')
  const files = new Y.Doc()
  if (index) Y.applyUpdate(files, index.update)
  const { byId } = openFiles(files).snapshot()
  const documents: Rescue['documents'] = []
  for (const name of names) {
    const stored = await persist.load(name)
    if (!stored) continue
    const ref = parseDocPath(name)
    const entry: Rescue['documents'][number] = { doc: name, update: base64(stored.update) }
    if (ref?.kind === 'file') {
      const doc = new Y.Doc()
      Y.applyUpdate(doc, stored.update)
      entry.text = openFile(doc).snapshot()
      const path = byId.get(ref.fileId)?.path
      if (path !== undefined) entry.path = path
    }
    documents.push(entry)
  }
  return { ...place, savedAt: new Date().toISOString(), reason, documents }
}

/** Hands it to the person as a file. */
export function downloadRescue(rescue: Rescue): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(rescue, null, 2)], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `tandem-rescue-${rescue.savedAt.slice(0, 19).replaceAll(':', '-')}.json`
  link.click()
  URL.revokeObjectURL(url)
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

function base64(bytes: Uint8Array): string {
  let out = ''
  for (let i = 0; i < bytes.length; i += 0x8000) out += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  return btoa(out)
}
