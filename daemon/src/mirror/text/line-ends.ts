import type { FileEntry } from '@tandem/shared/docs'
import { origin, type Mirroring } from '../context.ts'
import { hashOf } from '../memory/shadow.ts'

/**
 * A document has line feeds only, and a file with mixed line ends keeps its own on each export. A folder that does not
 * have the file yet takes them from its bytes as they were here once. Answers their hash; undefined where the server
 * does not take them, which costs another folder no more than the ends.
 */
export async function shareEnds(m: Mirroring, bytes: Uint8Array): Promise<string | undefined> {
  const hash = hashOf(bytes)
  try {
    await m.workspace.blobs.put({ hash, size: bytes.length }, async (at, n) => bytes.subarray(at, at + n), m.signal)
    return hash
  } catch (error) {
    if (m.signal.aborted) throw error
    m.log.info('mirror line ends not taken', { error })
    return undefined
  }
}

/** Says what the ends of a text are that had others before. */
export async function noteEnds(m: Mirroring, { id }: FileEntry, bytes: Uint8Array): Promise<void> {
  const isKnown = () => m.workspace.files.get(id)?.facts?.ends !== undefined
  const ends = isKnown() ? undefined : await shareEnds(m, bytes)
  const facts = m.workspace.files.get(id)?.facts
  if (ends !== undefined && facts && !isKnown())
    m.workspace.files.transact(() => m.workspace.files.setFacts(id, { ...facts, ends }), origin)
}

/** The bytes to take a new file’s line ends from; undefined where there are none to be had. */
export async function endsOf(m: Mirroring, { facts }: FileEntry): Promise<Uint8Array | undefined> {
  if (facts?.eol !== 'mixed' || facts.ends === undefined) return undefined
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const piece of m.workspace.blobs.get(facts.ends, 0, m.signal)) {
      size += piece.length
      if (size > m.maxTextBytes) return undefined
      pieces.push(piece)
    }
  } catch (error) {
    if (m.signal.aborted) throw error
    m.log.info('mirror line ends not had', { error })
    return undefined
  }
  const bytes = Buffer.concat(pieces)
  return hashOf(bytes) === facts.ends ? bytes : undefined
}
