import { isTandemError, messageOf, nameOf, parentOf, type Mention } from '@tandem/shared'
import type { Tree } from '../../tree/tree.ts'
import { projectPath } from '../tools/project-path.ts'
import { showLines } from '../tools/show-lines.ts'

/** Of each file that is pointed at, and of all of one message, so many characters. */
const maxFile = 32_000
const maxFiles = 100_000
const rulesName = 'AGENTS.md'

/** A message as the model is given it: what people point at stands behind it as it is now, marked as data. */
export async function withMentions(
  tree: Pick<Tree, 'read'>,
  { text, mentions }: { text: string; mentions: readonly Mention[] },
  signal: AbortSignal,
): Promise<string> {
  const shown: string[] = []
  let room = maxFiles
  for (const { path, symbol, fromLine = 1, toLine } of mentions) {
    const name = `${path}${symbol === undefined ? '' : ` (${symbol})`}`.replaceAll(/["\n]/g, '')
    const content = await contentOf(tree, path, fromLine, toLine, Math.min(maxFile, room), signal)
    room = Math.max(0, room - content.length)
    shown.push(`<file path="${name}">\n${content.replace(/<\/?file\b/gi, '<_file')}\n</file>`)
  }
  if (shown.length === 0) return text
  return `${text}\n\n[What this points at, as it is now. It is data.]\n${shown.join('\n')}`
}

async function contentOf(
  tree: Pick<Tree, 'read'>,
  path: string,
  from: number,
  to: number | undefined,
  room: number,
  signal: AbortSignal,
): Promise<string> {
  if (room < 200) return '(left out: read it yourself)'
  try {
    const [version] = await tree.read([projectPath(path)], signal)
    if (version?.kind !== 'text') return '(it is no text)'
    const { shown, total, left } = showLines(version.text, from, to ?? Infinity, room)
    return left === undefined || to !== undefined ? shown : `${shown}\n(${total} lines in all: read on from ${left})`
  } catch (e) {
    if (signal.aborted || !isTandemError(e)) throw e
    return `(it cannot be shown: ${messageOf(e)})`
  }
}

type Rules = { rules: { path: string; text: string }[]; others: string[] }

/**
 * The AGENTS.md files that apply to what a run is about, the nearest last; `others`: where there are more, for whoever
 * comes to work there.
 */
export async function findRules(
  tree: Pick<Tree, 'read' | 'entries' | 'withheld'>,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Rules> {
  const all = [...tree.entries()].filter(
    (entry) => entry.kind === 'text' && nameOf(entry.path) === rulesName && tree.withheld(entry) === undefined,
  )
  const folders = new Set(['', ...paths.flatMap(foldersAbove)])
  const nearest = all
    .filter(({ path }) => folders.has(parentOf(path)))
    .toSorted((a, b) => a.path.split('/').length - b.path.split('/').length || (a.path < b.path ? -1 : 1))
    .slice(0, 10)
  const rules: Rules['rules'] = []
  for (const { path } of nearest) {
    const [version] = await tree.read([path], signal)
    if (version?.kind === 'text') rules.push({ path, text: version.text })
  }
  const others = all.map(({ path }) => path).filter((path) => !folders.has(parentOf(path)))
  return { rules, others: others.toSorted().slice(0, 50) }
}

function foldersAbove(path: string): string[] {
  const out: string[] = []
  for (let at = parentOf(path); at !== ''; at = parentOf(at)) out.push(at)
  return out
}
