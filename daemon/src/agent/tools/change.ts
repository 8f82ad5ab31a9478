import { isTandemError, type Id, type ReviewHunk } from '@tandem/shared'
import { z } from 'zod'
import type { PreparedText } from '../../tree/edit-text.ts'
import type { CallContext, Json } from '../loop/tool.ts'
import type { Project } from './project.ts'

/** How to find out, where a process ended in the middle, whether its change arrived. */
const Note = z.object({ file: z.string(), path: z.string(), state: z.string() })

/**
 * Makes a prepared change: first it is kept what it is and how to know later whether it arrived, then it goes out.
 */
export async function makeChange(
  project: Project,
  { file, path }: { file: Id; path: string },
  prepared: PreparedText,
  { callId, note, signal }: CallContext,
): Promise<void> {
  const at = project.clock.now()
  await project.setHunks(
    callId,
    prepared.hunks.map((hunk): z.input<typeof ReviewHunk> => ({ kind: 'edit', file, path, call: callId, at, ...hunk })),
  )
  await note({ file, path, state: prepared.state })
  try {
    await prepared.send(signal)
  } catch (e) {
    // Refused: nothing of it will ever be there.
    if (isTandemError(e, 'conflict')) await project.setHunks(callId, [])
    throw e
  }
}

/** What became of a change of which only the note is left. Without one, it had not gone out. */
export async function recallChange(
  project: Project,
  raw: Json | undefined,
  { signal }: CallContext,
): Promise<{ path: string } | 'not-done'> {
  const note = Note.safeParse(raw).data
  if (!note) return 'not-done'
  return (await project.tree.edits.hasArrived(note.file, note.state, signal)) ? { path: note.path } : 'not-done'
}
