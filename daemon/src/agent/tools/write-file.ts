import { isTandemError } from '@tandem/shared'
import { z } from 'zod'
import type { TextVersion } from '../../tree/edit-text.ts'
import type { CallContext, ToolResult } from '../loop/tool.ts'
import { makeChange, recallChange } from './change.ts'
import { defineTool, failed } from './define.ts'
import { ProjectPath, projectPath } from './project-path.ts'
import type { Project } from './project.ts'
import { showAround, showLines } from './show-lines.ts'

const maxText = 1_000_000
/** So much of a file is shown where it would have been overwritten unread. */
const maxShown = 16_000

export const writeFileTool = (project: Project) =>
  defineTool({
    name: 'writeFile',
    description:
      'Makes a new file, or gives a file that you have read other content; for small changes editFile is better. What people changed since you read it stays: where they changed the very lines that you change, theirs are kept, and the answer says so.',
    input: z.object({ path: ProjectPath, content: z.string().max(maxText) }),
    risk: 'edit',
    run: async ({ path: raw, content }, context) => {
      const path = projectPath(raw)
      const text = content.replaceAll(/\r\n?/g, '\n')
      const there = project.tree.at(path)
      if (there === undefined) return create(project, path, text, context)
      if (there === 'folder' || there.kind === 'dir') return failed(`${path} is a folder`)
      const now = await project.read(path, context.signal)
      const base = project.seen(path, now.id)
      if (base) return overwrite(project, base, text, context)
      project.remember(now)
      if (now.text === '' || now.text === text) return overwrite(project, now, text, context)
      const { shown, total, left } = showLines(now.text, 1, Infinity, maxShown)
      const more = left === undefined ? '' : `\n(${total} lines in all: read on from line ${left} before you write)`
      return failed(`${path} is there, and you have not read it. Nothing was changed. It says:\n${shown}${more}`)
    },
    recall: async ({ path: raw, content }, note, context) => {
      // Only a file that is to be made has no note of a change: whether it was, the index says.
      if (!Making.safeParse(note).success) {
        const done = await recallChange(project, note, context)
        return done === 'not-done' ? done : { text: `${done.path} was written`, details: { path: done.path } }
      }
      const path = projectPath(raw)
      const there = project.tree.at(path)
      if (there === undefined) return 'not-done'
      if (there === 'folder' || there.kind !== 'text') return 'unknown'
      const { text } = await project.read(path, context.signal)
      if (text !== content.replaceAll(/\r\n?/g, '\n')) return 'unknown'
      return made(project, path, text, context)
    },
  })

/** Kept before a file is made. */
const Making = z.object({ makes: z.string() })

async function create(project: Project, path: string, text: string, context: CallContext): Promise<ToolResult> {
  const { tree, task } = project
  await context.note({ makes: path } satisfies z.input<typeof Making>)
  const change = { do: 'create' as const, path, bytes: new TextEncoder().encode(text) }
  const [refused] = await tree.commit([change], task, context.signal)
  if (refused) return failed(`${refused.path} could not be made: ${refused.reason}`)
  return made(project, path, text, context)
}

async function made(
  project: Project,
  path: string,
  text: string,
  { callId, signal }: CallContext,
): Promise<ToolResult> {
  const { tree, clock } = project
  const entry = tree.at(path)
  if (entry && entry !== 'folder') {
    const file = entry.id
    const chars = await tree.edits.madeOf(file, text, signal)
    const hunk = { kind: 'create' as const, file, path, call: callId, at: clock.now(), ...(chars && { new: chars }) }
    await project.setHunks(callId, [hunk])
    if (entry.kind === 'text') project.remember({ id: file, path, kind: 'text', text, bytes: new Uint8Array() })
  }
  return { text: `${path} was made`, details: { path } }
}

async function overwrite(project: Project, base: TextVersion, text: string, context: CallContext): Promise<ToolResult> {
  const { path, id } = base
  const prepared = await project.tree.edits.prepare(base, text, project.task, context.signal)
  const { skipped, hunks, changed } = prepared
  const where = skipped.map(({ line }) => line)
  const kept = `where people changed the same since you read it, their text stands (lines ${where.join(', ')}):\n${showAround(changed, where)}`
  if (changed === prepared.text) {
    if (skipped.length === 0) return { text: `${path} says that already; nothing was changed` }
    return failed(`nothing was changed: ${kept}`)
  }
  try {
    await makeChange(project, { file: id, path }, prepared, context)
  } catch (e) {
    if (!isTandemError(e, 'conflict')) throw e
    return failed(`${path} was not changed: ${e.message}`)
  }
  // Whoever wrote this knows of it, and of nothing that others typed: that is what the next write is compared with.
  project.remember({ ...base, text })
  const lines = hunks.map(({ line }) => line)
  const details = { path, lines, skipped: where }
  if (skipped.length === 0) return { text: `${path} was written`, details }
  return { text: `${path} was written, but for ${skipped.length} of your changes: ${kept}`, details }
}
