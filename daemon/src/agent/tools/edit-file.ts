import { z } from 'zod'
import { makeChange, recallChange } from './change.ts'
import { defineTool, failed } from './define.ts'
import { ProjectPath, projectPath } from './project-path.ts'
import type { Project } from './project.ts'
import { replaceIn } from './replace.ts'
import { showAround } from './show-lines.ts'

const maxText = 200_000
/** Somebody may type in the very moment between the look and the change: so often it is looked again. */
const maxTries = 3

export const editFileTool = (project: Project) =>
  defineTool({
    name: 'editFile',
    description:
      'Replaces text in a file. Each oldText must be there exactly once, or replaceAll be said; give some lines around it where it is not unique. All edits are made, or none; each is looked for in what the one before it left. Where it fails, the answer shows the text as it is now. What people type in the file meanwhile stays.',
    input: z.object({
      path: ProjectPath,
      edits: z
        .array(
          z.object({
            oldText: z.string().max(maxText).describe('The text to be replaced, without line numbers.'),
            newText: z.string().max(maxText).describe('What is to stand in its place.'),
            replaceAll: z.boolean().default(false),
          }),
        )
        .min(1)
        .max(100),
    }),
    risk: 'edit',
    run: async ({ path: raw, edits }, context) => {
      const path = projectPath(raw)
      for (let tries = 1; ; tries++) {
        const version = await project.read(path, context.signal)
        const replaced = replaceIn(version.text, edits)
        if ('error' in replaced) {
          project.remember(version)
          return failed(replaced.error)
        }
        const prepared = await project.tree.edits.prepare(version, replaced.text, project.task, context.signal)
        if (prepared.skipped.length > 0) {
          if (tries < maxTries) continue
          const lines = prepared.skipped.map(({ line }) => line)
          return failed(
            `somebody is changing the same lines right now. Nothing was changed. They are now:\n${showAround(prepared.text, lines)}`,
          )
        }
        await makeChange(project, { file: version.id, path }, prepared, context)
        project.remember({ ...version, text: prepared.changed })
        const lines = prepared.hunks.map(({ line }) => line)
        return {
          text: `${path} was changed. It is now:\n${showAround(prepared.changed, lines)}`,
          details: { path, lines },
        }
      }
    },
    recall: async (_, note, context) => {
      const done = await recallChange(project, note, context)
      return done === 'not-done' ? done : { text: `${done.path} was changed`, details: { path: done.path } }
    },
  })
