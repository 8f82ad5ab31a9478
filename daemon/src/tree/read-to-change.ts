import type { Id } from '@tandem/shared'
import type { Documents } from './ports.ts'

/**
 * Reads texts that are to be changed. A file that somebody made empty, in the page say, has no document yet, and the
 * server changes none that is not there: it gets one. What is there stays as it is.
 */
export async function readToChange(
  documents: Pick<Documents, 'read' | 'seed'>,
  ids: readonly Id[],
  task: Id | undefined,
  signal: AbortSignal,
): ReturnType<Documents['read']> {
  const texts = await documents.read(ids, signal)
  const empty = [...texts].flatMap(([id, { text }]) => (text === '' ? [{ id, text }] : []))
  if (empty.length > 0) await documents.seed(empty, task, signal)
  return texts
}
