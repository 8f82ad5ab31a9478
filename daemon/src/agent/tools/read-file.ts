import { z } from 'zod'
import { defineTool, failed } from './define.ts'
import { ProjectPath, projectPath } from './project-path.ts'
import type { Project } from './project.ts'
import { showLines } from './show-lines.ts'

const maxLines = 2_000
const maxChars = 64_000

export const readFileTool = (project: Project) =>
  defineTool({
    name: 'readFile',
    description: `Reads a text file as it is now, also what others are typing in it. Each line comes behind its number and a tab, which are not part of it. At most ${maxLines} lines at once: ask for a range of a longer file.`,
    input: z.object({
      path: ProjectPath,
      from: z.int().positive().default(1).describe('The first line, from 1.'),
      to: z.int().positive().optional().describe('The last line.'),
    }),
    risk: 'read',
    run: async ({ path: raw, from, to = Infinity }, { signal }) => {
      const path = projectPath(raw)
      const version = await project.read(path, signal)
      project.remember(version)
      if (version.text === '') return { text: `${path} is empty` }
      const { shown, total, left } = showLines(version.text, from, Math.min(to, from + maxLines - 1), maxChars)
      if (shown === '') return failed(`${path} has ${total} lines; there is no line ${from}`)
      const more = left !== undefined && left <= to ? `\n(${total} lines in all; go on from line ${left})` : ''
      return { text: `${shown}${more}`, details: { path, lines: total } }
    },
  })
