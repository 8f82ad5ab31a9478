import { TandemError, type DocRef, type Settings } from '@tandem/shared'
import type { UpdateLog } from '../store/log.ts'

/** To count all documents for each new one would take longer and longer: so many are let in on one count. */
const onOneCount = 256

/** With these people and daemons ask and say who they are: they are few, and nobody could even make room without them. */
const always: ReadonlySet<DocRef['kind']> = new Set(['requests', 'user', 'daemon'])

/** Asked before a document comes to be; throws `too-large` where the workspace has as many as it may [S313]. */
export function createRoom(
  updates: Pick<UpdateLog, 'names' | 'stat'>,
  { maxDocs }: Pick<Settings, 'maxDocs'>,
): (doc: DocRef) => void {
  let left = 0
  return ({ kind }) => {
    if (always.has(kind)) return
    if (left <= 0) left = Math.min(onOneCount, maxDocs - updates.names('').length)
    if (left <= 0)
      throw new TandemError('too-large', { reason: 'the workspace has as many documents as it may', limit: maxDocs })
    left -= 1
  }
}
