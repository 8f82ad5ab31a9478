import type { Id } from '@tandem/shared'
import { readContent } from '../../disk/content.ts'
import { readStable } from '../../disk/read.ts'
import { birthmark, identity, isExecutable } from '../../disk/stat.ts'
import type { Mirroring } from '../context.ts'
import { commonBases, type Meeting } from './first-meeting.ts'
import type { RemoteText } from '../ports.ts'
import { hashOf, type Shadow } from '../memory/shadow.ts'

type Met = { id: Id; shadow: Shadow; bytes: Uint8Array }

/**
 * Looks at many texts that are here and there but never met, as when the daemon's memory is lost or a folder joins: those
 * that are the same are bound, all together and without a change; answers what the others have in common, where that is
 * known. The odd ones are left to be settled each by itself.
 */
export async function meetMany(m: Mirroring, remotes: ReadonlyMap<Id, RemoteText>): Promise<Map<Id, string>> {
  const ids = [...remotes.keys()].filter((id) => !m.shadows.get(id) && !m.locks.busy(id))
  if (ids.length === 0) return new Map()
  const meetings: Meeting[] = []
  await m.locks.runAll(ids, async () => {
    const bound: Met[] = []
    for (const id of ids) {
      const found = await meet(m, id, remotes.get(id) as RemoteText)
      if (found && 'shadow' in found) bound.push(found)
      else if (found) meetings.push(found)
    }
    if (bound.length > 0) await m.shadows.put(bound)
  })
  return commonBases(m, meetings)
}

async function meet(m: Mirroring, id: Id, remote: RemoteText): Promise<Met | Meeting | undefined> {
  const { files } = m.workspace
  const entry = files.get(id)
  const isPlain = entry?.kind === 'text' && !entry.deleted && files.snapshot().byPath.get(entry.path)?.id === id
  if (!isPlain || m.shadows.get(id) || m.shadows.idAt(entry.path) !== undefined) return undefined
  if (m.ignore.reason(entry.path, false) !== undefined) return undefined
  const read = await readStable(m.root, entry.path, m.maxTextBytes)
  if (typeof read === 'string' || read.stat.size > m.maxTextBytes) return undefined
  const content = readContent(read.bytes)
  if (content.kind !== 'text') return undefined
  if (content.text !== remote.text) return { id, path: entry.path, disk: content.text, remote: remote.text }
  const { facts } = entry
  // Which line ends where is noted with the file itself.
  if (content.dress.eol === 'mixed') return undefined
  const exec = isExecutable(read.stat)
  // What differs in dress or mode has its own comparison.
  if (facts?.exec !== exec || facts.eol !== content.dress.eol || facts.bom !== content.dress.bom) return undefined
  return {
    id,
    bytes: read.bytes,
    shadow: {
      path: entry.path,
      kind: 'text',
      identity: identity(read.stat),
      birthmark: birthmark(read.stat),
      hash: hashOf(read.bytes),
      size: read.bytes.length,
      exec,
      state: remote.state,
    },
  }
}
