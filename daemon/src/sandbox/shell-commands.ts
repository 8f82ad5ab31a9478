import { parse } from 'unbash'
import { z } from 'zod'

/** One command as it would be executed; a word that only running would reveal is undefined. */
export type ShellCommand = { readonly words: readonly (string | undefined)[]; readonly sets: readonly string[] }

export type ShellScript = {
  readonly commands: readonly ShellCommand[]
  /** What makes the script unpredictable, in words: a person must look. */
  readonly doubts: readonly string[]
  /** Whether anything is redirected into a file. */
  readonly writes: boolean
}

/** The syntax tree as plain data. unbash offers parts of it through getters, which a walk over keys would miss. */
const Node: z.ZodType<Node> = z.lazy(() => z.looseObject({ type: z.string().optional() }))
type Node = { type?: string | undefined; [key: string]: unknown }

/** Every command of a shell text: of pipelines, lists, substitutions, here-documents and compound commands alike. */
export function parseShell(source: string): ShellScript {
  const commands: ShellCommand[] = []
  const doubts: string[] = []
  let writes = false
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit)
    const node = asNode(value)
    if (node === undefined) return
    if (node.type === 'Command') commands.push(toCommand(node))
    if (node.type === 'Function') doubts.push('defines a function')
    if (node.type === 'Redirect') {
      doubts.push(...redirectDoubts(node))
      writes ||= isWriting(node) && !isOpenAlready(node)
    }
    Object.values(node).forEach(visit)
  }
  try {
    const tree = asNode(JSON.parse(JSON.stringify(parse(source))))
    if (Array.isArray(tree?.errors) && tree.errors.length > 0) doubts.push('cannot be parsed')
    visit(tree?.commands)
  } catch {
    doubts.push('cannot be parsed')
  }
  return { commands, doubts: [...new Set(doubts)], writes }
}

function toCommand(node: Node): ShellCommand {
  const prefix = (Array.isArray(node.prefix) ? node.prefix : []).map(asNode)
  const suffix = (Array.isArray(node.suffix) ? node.suffix : []).map(asNode)
  const words = suffix.filter((part) => part?.type === 'Word' || part?.type === 'Assignment')
  return {
    words: node.name === undefined ? [] : [literalOf(asNode(node.name)), ...words.map(literalOf)],
    sets: prefix.flatMap((part) => (part?.type === 'Assignment' && typeof part.name === 'string' ? [part.name] : [])),
  }
}

const plainParts = new Set(['Literal', 'SingleQuoted', 'DoubleQuoted', 'AnsiCQuoted'])

/** The word's value where it is the same in every shell; globs count as literal, since they only ever name files. */
function literalOf(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined
  if (node.type === 'Assignment')
    return typeof node.text === 'string' && !/[$`]/.test(node.text) ? node.text : undefined
  const isPlain = (part: unknown): boolean => {
    const known = asNode(part)
    return (
      known !== undefined &&
      (plainParts.has(known.type ?? '') || known.type === 'Glob') &&
      (!Array.isArray(known.parts) || known.parts.every(isPlain))
    )
  }
  if (Array.isArray(node.parts) && !node.parts.every(isPlain)) return undefined
  return typeof node.value === 'string' ? node.value : undefined
}

function redirectDoubts(node: Node): string[] {
  const target = literalOf(asNode(node.target))
  if (target === undefined) return ['redirects to a place that is not known yet']
  if (isDevice(target)) return []
  if (target.startsWith('/dev/tcp/') || target.startsWith('/dev/udp/')) return ['opens a network connection']
  return isWriting(node) && /^[/~]|(^|\/)\.\.(\/|$)/.test(target) ? ['writes outside the folder'] : []
}

const isDevice = (target: string): boolean => /^\/dev\/(null|stdout|stderr|stdin|fd\/\d+)$/.test(target)

const isWriting = ({ operator }: Node): boolean => typeof operator === 'string' && operator.includes('>')

/** `2>&1`, `>&-` and `> /dev/null` write to no file. */
function isOpenAlready({ operator, target }: Node): boolean {
  const to = literalOf(asNode(target)) ?? ''
  return isDevice(to) || (typeof operator === 'string' && operator.endsWith('&') && /^(\d+|-)$/.test(to))
}

const asNode = (value: unknown): Node | undefined => Node.safeParse(value).data
