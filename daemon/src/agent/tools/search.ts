import { setImmediate } from 'node:timers/promises'
import type { FileEntry } from '@tandem/shared/docs'
import { z } from 'zod'
import { defineTool } from './define.ts'
import { finderFor } from './pattern.ts'
import { projectPath } from './project-path.ts'
import type { Project } from './project.ts'

/** So many files are read at once. */
const batch = 64
/** A search works for so long at most, ms. */
const maxMs = 8_000
/** After so much work others have their turn: characters times what looking at one costs. */
const maxSteps = 500_000
const maxLine = 10_000
const around = 150

export const searchTool = (project: Project) =>
  defineTool({
    name: 'search',
    description:
      'Looks for words, or a regular expression (RE2: without look-around and back-references), in the lines of all text files, as they are now. Answers path, line number and line. Secrets and files that are not shared are left out.',
    input: z.object({
      pattern: z.string().min(1).max(500),
      regex: z.boolean().default(false),
      matchCase: z.boolean().default(false),
      path: z.string().max(4_096).default('').describe('Only in this folder or file.'),
      limit: z.int().min(1).max(200).default(100).describe('So many lines at most.'),
    }),
    risk: 'read',
    run: async ({ pattern, path: raw, limit, ...how }, { signal }) => {
      const { tree, clock } = project
      const finder = finderFor(pattern, how)
      const path = projectPath(raw)
      const isIn = (entry: FileEntry) => path === '' || entry.path === path || entry.path.startsWith(`${path}/`)
      const files = [...tree.entries()]
        .filter((entry) => entry.kind === 'text' && isIn(entry) && tree.withheld(entry) === undefined)
        .toSorted((a, b) => (a.path < b.path ? -1 : 1))
      const startedAt = clock.now()
      const isLate = () => clock.now() - startedAt > maxMs
      const found: string[] = []
      let [looked, unread, steps] = [0, 0, 0]
      const isEnough = () => found.length >= limit || isLate()
      const look = async (entry: FileEntry, text: string) => {
        for (const [n, line] of text.split('\n').entries()) {
          const part = line.slice(0, maxLine)
          const at = finder.find(part)
          if (at !== undefined) found.push(`${entry.path}:${n + 1}: ${excerpt(part, at)}`)
          steps += (part.length + 1) * finder.cost
          if (isEnough()) return
          if (steps < maxSteps) continue
          steps = 0
          await setImmediate()
          signal.throwIfAborted()
        }
      }
      for (let i = 0; i < files.length && !isEnough(); i += batch) {
        const some = files.slice(i, i + batch)
        const texts = await tree.texts(
          some.map(({ id }) => id),
          signal,
        )
        for (const entry of some) {
          if (isEnough()) break
          const text = texts.get(entry.id)
          if (text === undefined) unread++
          else await look(entry, text)
          looked++
        }
      }
      const notes = [
        ...(found.length >= limit ? [`stopped after ${limit} lines; there may be more`] : []),
        ...(found.length < limit && looked < files.length
          ? [`stopped after ${maxMs / 1_000} s, ${looked} of ${files.length} files; give a path to look in fewer`]
          : []),
        ...(unread > 0 ? [`${unread} files could not be read`] : []),
      ]
      const said = found.length === 0 ? `no line of ${looked} files has it` : found.join('\n')
      return { text: [said, ...notes.map((note) => `(${note})`)].join('\n'), details: { lines: found.length } }
    },
  })

function excerpt(line: string, at: number): string {
  const from = Math.max(0, at - around)
  const to = Math.min(line.length, at + around)
  return `${from > 0 ? '…' : ''}${line.slice(from, to).trimEnd()}${to < line.length ? '…' : ''}`
}
