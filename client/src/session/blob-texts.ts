import { readSettings } from '@tandem/shared'
import { ask } from './call.ts'
import { readText, type VersionText } from './read-text.ts'

/** A blob does not change: what was fetched is kept, up to so many. */
const maxKept = 12
const { maxTextBytes } = readSettings({})

const textByUrl = new Map<string, Promise<VersionText>>()
/** Those that are here: they can be read without the server. */
const here = new Set<string>()

/** Where a blob's bytes can be fetched. */
export const blobUrl = (workspaceId: string, hash: string): string => `/api/v1/workspaces/${workspaceId}/blobs/${hash}`

/** Whether a blob's text is on this device already. */
export const hasBlobText = (workspaceId: string, hash: string): boolean => here.has(blobUrl(workspaceId, hash))

/** A blob as text, each fetched once. Throws `offline`, or what the server's problem says. */
export function blobText(workspaceId: string, blob: { blob: string; size: number }): Promise<VersionText> {
  if (blob.size > maxTextBytes) return Promise.resolve({ reason: 'it is too large to be shown as text' })
  const url = blobUrl(workspaceId, blob.blob)
  const held = textByUrl.get(url)
  if (held) return held
  const asked = ask('GET', url)
    .then((answer) => answer.arrayBuffer())
    .then(readText)
  textByUrl.set(url, asked)
  asked.then(
    () => here.add(url),
    () => textByUrl.delete(url),
  )
  const [oldest] = textByUrl.keys()
  if (textByUrl.size > maxKept && oldest !== undefined) {
    textByUrl.delete(oldest)
    here.delete(oldest)
  }
  return asked
}
