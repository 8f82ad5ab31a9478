import type { VersionText } from '../session/read-text.ts'
import type { Side } from './compare.ts'

/** The past does not change: what was fetched of it is kept, up to so many texts. */
const maxKept = 60

/** Fetches texts of versions, each once. `head` is the version that "now" means: with another one it is asked anew. */
export function createVersionTexts(fetch: (side: Side) => Promise<VersionText>) {
  const byKey = new Map<string, Promise<VersionText>>()
  return (side: Side, head: number): Promise<VersionText> => {
    const key = `${side.version === 'head' ? `head ${head}` : side.version}/${side.path}`
    const held = byKey.get(key)
    if (held) return held
    const asked = fetch(side)
    byKey.set(key, asked)
    asked.catch(() => byKey.delete(key))
    const [oldest] = byKey.keys()
    if (byKey.size > maxKept && oldest !== undefined) byKey.delete(oldest)
    return asked
  }
}

export type VersionTexts = ReturnType<typeof createVersionTexts>
