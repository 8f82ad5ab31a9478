import { ask } from '../session/call.ts'

/** Larger ones are downloaded, not shown. */
export const maxShownBytes = 16 * 2 ** 20
/** A blob does not change: so many that were shown are kept, and are here without the server. */
const maxKept = 4
/** A large picture over a slow line. */
const withinMs = 60_000

const kept = new Map<string, Blob>()

/** Those of a blob that was shown lately. */
export const keptBytes = (url: string): Blob | undefined => kept.get(url)

/** The bytes at that address, of no type. Throws `offline`, or what the server's problem says. */
export async function blobBytes(url: string, signal: AbortSignal): Promise<Blob> {
  const held = kept.get(url)
  if (held) return held
  const answer = await ask('GET', url, undefined, { signal, withinMs })
  const bytes = await answer.blob()
  kept.set(url, bytes)
  const [oldest] = kept.keys()
  if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest)
  return bytes
}
