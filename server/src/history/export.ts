import { TandemError } from '@tandem/shared'
import * as Y from 'yjs'
import type { VersionStore } from './versions.ts'

/**
 * All texts of a version in one Yjs document, as one update: the map `files` holds a `Y.Text` for each path [S196].
 * Throws `too-large` where they are more than `maxBytes`.
 */
export async function exportTexts(versions: VersionStore, version: number, maxBytes: number): Promise<Uint8Array> {
  const doc = new Y.Doc()
  const files = doc.getMap<Y.Text>('files')
  let bytes = 0
  for (const { id, path, kind, facts } of (await versions.index(version)).byPath.values()) {
    if (kind !== 'text' || facts?.withheld !== undefined) continue
    const text = await versions.text(id, version)
    bytes += Buffer.byteLength(text)
    if (bytes > maxBytes) {
      throw new TandemError('too-large', {
        reason: 'the texts are too large for one answer: read them one by one',
        limit: maxBytes,
      })
    }
    files.set(path, new Y.Text(text))
  }
  return Y.encodeStateAsUpdate(doc)
}
