import { Id, visibleText } from '@tandem/shared'
import { z } from 'zod'
import { sizeWords } from '../ui/size-words.ts'
import type { CallBlock } from './blocks.ts'

const verbs: Readonly<Record<string, string>> = {
  readFile: 'Read',
  writeFile: 'Write',
  editFile: 'Edit',
  listFiles: 'List',
  search: 'Search',
  fetch: 'Fetch',
  bash: 'Run',
  runTask: 'Run',
  diagnostics: 'Check',
  activateSkill: 'Use skill',
  createSkill: 'Make skill',
}

/** What a tool does, in a word: "Edit"; one that nobody here knows has its own name. */
export const verbOf = (tool: string): string =>
  Object.hasOwn(verbs, tool) ? (verbs[tool] ?? tool) : visibleText(tool).slice(0, 60)

const maxTarget = 200
/** What of a call's arguments says what it is about, the first that is there. */
const about = ['path', 'command', 'script', 'query', 'pattern', 'url', 'name', 'title'] as const

/** What a call is about, in one line: a path, a command, what is looked for. */
export function targetOf({ input }: Pick<CallBlock, 'input'>): string {
  const given = z.record(z.string(), z.unknown()).safeParse(input).data ?? {}
  const target = about.map((name) => given[name]).find((value) => typeof value === 'string' && value !== '')
  if (typeof target === 'string') return visibleText(target.split('\n')[0] ?? '').slice(0, maxTarget)
  const files = given['paths']
  return Array.isArray(files) ? visibleText(files.join(', ')).slice(0, maxTarget) : ''
}

/** The task that was made for a call, where there is one. */
export const taskOf = ({ details }: Pick<CallBlock, 'details'>): Id | undefined =>
  z.object({ task: Id }).safeParse(details).data?.task

/** "1.5 KB", of what came of it. */
export const sizeOf = (text: string): string => sizeWords(new TextEncoder().encode(text).length)

/** All that a call was given, as a person reads it: what it writes as text, the rest as JSON. */
export function givenWords(input: unknown): string {
  if (typeof input === 'string') return visibleText(input)
  const entries = Object.entries(z.record(z.string(), z.unknown()).safeParse(input).data ?? {})
  const wordsOf = (value: unknown) =>
    typeof value === 'string' ? (value.includes('\n') ? `\n${value}` : value) : JSON.stringify(value, undefined, 2)
  return visibleText(entries.map(([name, value]) => `${name}: ${wordsOf(value)}`).join('\n'))
}
