import { merge, type Id } from '@tandem/shared'
import { readContent } from '../../disk/content.ts'
import type { Mirroring } from '../context.ts'

/** Two texts at one path that never met here: a folder joins a workspace, or what was remembered of it is lost. */
export type Meeting = { id: Id; path: string; disk: string; remote: string }

/**
 * What each pair is taken to have in common, by what others remember. A text that the document once had is an old
 * version of it, with no edit of its own: it is its own base. Else it is what git committed last, where what both sides
 * made of that goes together without a doubt. Pairs that need no base, or of which nobody knows one, are missing from
 * the answer: a person decides.
 */
export async function commonBases(m: Mirroring, meetings: readonly Meeting[]): Promise<Map<Id, string>> {
  const bases = new Map<Id, string>()
  const differing = meetings.filter(({ disk, remote }) => disk !== remote && disk !== '' && remote !== '')
  if (differing.length === 0) return bases
  const asked = differing.map(({ id, disk }) => ({ id, text: disk }))
  const old = await m.workspace.wasEver(asked, m.signal).catch((error: unknown) => {
    if (m.signal.aborted) throw error
    // A server that cannot say it: nothing is known of their past.
    m.log.warn('mirror could not ask for old versions', { error })
    return new Set<Id>()
  })
  for (const { id, disk } of differing) if (old.has(id)) bases.set(id, disk)
  const strangers = differing.filter(({ id }) => !old.has(id))
  if (strangers.length === 0) return bases
  const committed = await m.committed(strangers.map(({ path }) => path))
  for (const { id, path, disk, remote } of strangers) {
    const bytes = committed.get(path)
    const content = bytes && readContent(bytes)
    if (content?.kind === 'text' && goTogether(content.text, disk, remote)) bases.set(id, content.text)
  }
  m.log.info('mirror met texts anew', { texts: differing.length, old: old.size, fromGit: bases.size - old.size })
  return bases
}

/** Not even at one place did both add something: then the order would be a guess. */
function goTogether(base: string, disk: string, remote: string): boolean {
  const [one, other] = [merge(base, disk, remote), merge(base, remote, disk)]
  return one.conflicts === 0 && one.text === other.text
}
