/** What the helper can be told to do. Paths are as people write them, below the workspace. */
export type Command =
  | { readonly verb: 'help' }
  | { readonly verb: 'explain'; readonly path: string }
  | { readonly verb: 'find'; readonly text: string; readonly path?: string }
  | { readonly verb: 'replace'; readonly text: string; readonly by: string; readonly path?: string }
  | { readonly verb: 'rename'; readonly name: string; readonly to: string; readonly path?: string }
  | { readonly verb: 'move'; readonly path: string; readonly to: string }
  | { readonly verb: 'create'; readonly path: string; readonly content: string }
  | { readonly verb: 'run'; readonly command: string }
  | { readonly verb: 'apply'; readonly skill: string }

export type Parsed = { readonly command: Command } | { readonly line: string; readonly reason: string }

/** In quotes of any kind, or one word; `@` before a path is how people mention a file. */
const word = /"(?:[^"\\]|\\.)*"|'[^']*'|`[^`]*`|\S+/g
const fence = /^(`{3,}|~{3,})/

/**
 * The commands of a message, one a line; a block between fences is what the `create` before it is to contain. A line that
 * is none comes with the reason, and nobody guesses what it meant.
 */
export function parseCommands(message: string): readonly Parsed[] {
  const parsed: Parsed[] = []
  const lines = message.split(/\r?\n/)
  for (let i = 0; i < lines.length; i++) {
    const line = (lines[i] ?? '').trim()
    const open = fence.exec(line)?.[1]
    if (open === undefined) {
      if (line !== '') parsed.push(parseLine(line))
      continue
    }
    const end = lines.findIndex((each, j) => j > i && each.trim().startsWith(open))
    const block = lines.slice(i + 1, end === -1 ? lines.length : end)
    const last = parsed.pop()
    if (last && 'command' in last && last.command.verb === 'create')
      parsed.push({ command: { ...last.command, content: block.map((each) => `${each}\n`).join('') } })
    else parsed.push(...(last ? [last] : []), { line, reason: 'a block follows only a line with `create`' })
    i = end === -1 ? lines.length : end
  }
  return parsed
}

function parseLine(line: string): Parsed {
  const [first = '', ...rest] = line.match(word) ?? []
  const words = rest.map(unquoted)
  const says = (command: Command | undefined, form: string): Parsed =>
    command ? { command } : { line, reason: `say it as \`${form}\`` }
  if (first.startsWith('/') && rest.length === 0 && first.length > 1)
    return { command: { verb: 'apply', skill: first.slice(1) } }
  switch (first.toLowerCase()) {
    case 'help':
      return { command: { verb: 'help' } }
    case 'explain':
      return says(words.length === 1 ? { verb: 'explain', path: path(words[0]) } : undefined, 'explain PATH')
    case 'find': {
      const { head, place } = placed(words)
      return says(head.length > 0 ? { verb: 'find', text: head.join(' '), ...place } : undefined, 'find TEXT in PATH')
    }
    case 'replace': {
      const { head, place } = placed(words)
      const [text, by] = halves(head, 'with')
      return says(
        text === undefined || by === undefined ? undefined : { verb: 'replace', text, by, ...place },
        'replace "TEXT" with "TEXT" in PATH',
      )
    }
    case 'rename': {
      const { head, place } = placed(words)
      const [name, to] = halves(head, 'to')
      const isFine = isName(name) && isName(to)
      return says(isFine ? { verb: 'rename', name, to, ...place } : undefined, 'rename NAME to NAME in PATH')
    }
    case 'move': {
      const [from, to] = halves(words, 'to')
      return says(from && to ? { verb: 'move', path: path(from), to: path(to) } : undefined, 'move PATH to PATH')
    }
    case 'create': {
      const [name, ...more] = words
      const content = more[0] === 'with' ? `${more.slice(1).join(' ')}\n` : ''
      const isFine = name !== undefined && (more.length === 0 || more[0] === 'with')
      return says(isFine ? { verb: 'create', path: path(name), content } : undefined, 'create PATH with "TEXT"')
    }
    case 'run': {
      const command = line
        .slice(first.length)
        .trim()
        .replace(/^`(.*)`$/, '$1')
      return says(command === '' ? undefined : { verb: 'run', command }, 'run COMMAND')
    }
    case 'apply':
      return says(words.length === 1 ? { verb: 'apply', skill: words[0] ?? '' } : undefined, 'apply SKILL')
    default:
      return { line, reason: `it begins with none of the words I know` }
  }
}

function unquoted(text: string): string {
  const inner = /^(["'`])([^]*)\1$/.exec(text)?.[2]
  if (inner === undefined) return text
  // Only in double quotes a backslash means something.
  if (!text.startsWith('"')) return inner
  return inner.replace(/\\(.)/g, (_, letter: string) => ({ n: '\n', t: '\t' })[letter] ?? letter)
}

const path = (text = '') => text.replace(/^@/, '')
const isName = (text: string | undefined): text is string =>
  text !== undefined && /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(text)

/** `… in PATH` at the end. */
function placed(words: readonly string[]): { head: readonly string[]; place: { path?: string } } {
  if (words.length < 3 || words.at(-2) !== 'in') return { head: words, place: {} }
  return { head: words.slice(0, -2), place: { path: path(words.at(-1)) } }
}

/** What stands before and after a word between them; either may be several words. */
function halves(words: readonly string[], between: string): [string?, string?] {
  const at = words.indexOf(between)
  if (at <= 0 || at === words.length - 1) return []
  return [words.slice(0, at).join(' '), words.slice(at + 1).join(' ')]
}
