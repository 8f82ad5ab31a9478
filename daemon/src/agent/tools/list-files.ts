import { z } from 'zod'
import { defineTool, failed } from './define.ts'
import { projectPath } from './project-path.ts'
import type { Project } from './project.ts'

const maxListed = 1_000

export const listFilesTool = ({ tree }: Project) =>
  defineTool({
    name: 'listFiles',
    description: `Lists what is in a folder of the workspace; folders end in a slash. With recursive all files below it, at most ${maxListed}.`,
    input: z.object({
      path: z.string().max(4_096).default('').describe('The folder; without one, the root of the workspace.'),
      recursive: z.boolean().default(false),
    }),
    risk: 'read',
    run: async ({ path: raw, recursive }) => {
      const path = projectPath(raw)
      const folder = tree.folder(path)
      if (!folder) return failed(tree.at(path) ? `${path} is a file` : `there is no folder ${path}`)
      const names = recursive
        ? [...tree.entries()].flatMap((entry) =>
            entry.kind !== 'dir' && (path === '' || entry.path.startsWith(`${path}/`)) ? [label(entry)] : [],
          )
        : [...folder].map(([name, entry]) => (entry ? label({ ...entry, path: name }) : `${name}/`))
      names.sort()
      const shown = names.slice(0, maxListed).join('\n')
      const more = names.length > maxListed ? `\n(and ${names.length - maxListed} more: list a folder of it)` : ''
      return { text: names.length === 0 ? 'the folder is empty' : shown + more, details: { count: names.length } }
    },
  })

const label = ({ path, kind }: { path: string; kind: string }) => (kind === 'symlink' ? `${path} (a link)` : path)
