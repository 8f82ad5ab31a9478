import { explain } from './explain.ts'
import { parseCommands, type Command } from './grammar.ts'
import { renameIn } from './rename.ts'

export type Wanted = { readonly tool: string; readonly input: Readonly<Record<string, unknown>> }
export type Got = { readonly text: string; readonly isError: boolean }
/** Says something, wants tools to be called, or both. */
export type Move = { readonly text?: string; readonly calls?: readonly Wanted[] }
type Plan = Generator<Move, void, readonly Got[]>

/** So many files are changed by one command. */
const maxFiles = 50

export const usage = `I am Tandem's built-in helper, not a language model: I do exactly what these commands say, one a line, and understand nothing else.

\`\`\`
explain PATH                          what a file defines, by its lines
find TEXT in PATH                     where a text stands
replace "TEXT" with "TEXT" in PATH    everywhere without \`in PATH\`
rename NAME to NAME in PATH           a name of code, only where it stands alone
move PATH to PATH
create PATH with "TEXT"               or with a block between \`\`\` after it
run COMMAND                           in the sandbox, as your policy allows
apply SKILL                           or /SKILL: the commands of its \`helper\` blocks
help
\`\`\``

/** What the helper does about a message: a plan that goes on with what came of each of its calls. */
export function* planFor(message: string): Plan {
  const parsed = parseCommands(message)
  const wrong = parsed.filter((each) => 'reason' in each)
  // All of it or nothing: half of what was meant could be worse than none.
  if (parsed.length === 0 || wrong.length > 0) {
    const lines = wrong.map(
      ({ line, reason }) => `I did nothing, for I do not understand \`${line.slice(0, 200)}\`: ${reason}.`,
    )
    yield { text: [...lines, usage].join('\n\n') }
    return
  }
  const said: string[] = []
  for (const each of parsed) if ('command' in each) said.push(yield* carryOut(each.command, 0))
  yield { text: said.join('\n\n') }
}

type Work = Generator<Move, string, readonly Got[]>

/** Does one command and returns what to say of it. */
function* carryOut(command: Command, depth: number): Work {
  switch (command.verb) {
    case 'help':
      return usage
    case 'explain': {
      const file = yield* one('readFile', { path: command.path })
      return file.isError
        ? failed(`I could not read \`${command.path}\``, file)
        : explain(command.path, plain(file.text))
    }
    case 'find': {
      const hits = yield* one('search', {
        query: command.text,
        ...(command.path !== undefined && { path: command.path }),
      })
      if (hits.isError) return failed('I could not search', hits)
      const paths = pathsIn(hits.text)
      return paths.length === 0
        ? `\`${command.text}\` stands nowhere.`
        : `\`${command.text}\` stands in ${listed(paths)}.`
    }
    case 'replace':
      return yield* replace(command)
    case 'rename':
      return yield* rename(command)
    case 'move': {
      const moved = yield* one('bash', { command: `mv -n -- ${quoted(command.path)} ${quoted(command.to)}` })
      return moved.isError ? failed('It was not moved', moved) : `\`${command.path}\` is now \`${command.to}\`.`
    }
    case 'create': {
      const made = yield* one('writeFile', { path: command.path, content: command.content })
      return made.isError ? failed(`\`${command.path}\` was not created`, made) : `\`${command.path}\` is there.`
    }
    case 'run': {
      const ran = yield* one('bash', { command: command.command })
      return ran.isError
        ? failed(`\`${command.command}\` failed`, ran)
        : `\`${command.command}\` ended well.${quote(ran.text)}`
    }
    case 'apply':
      return yield* apply(command.skill, depth)
  }
}

function* replace({ text, by, path }: Extract<Command, { verb: 'replace' }>): Work {
  const paths = yield* filesWith(text, path)
  if (typeof paths === 'string') return paths
  const edits = [{ oldText: text, newText: by, replaceAll: true }]
  const results = yield { calls: paths.map((each) => ({ tool: 'editFile', input: { path: each, edits } })) }
  return told('replaced it in', paths, results)
}

function* rename({ name, to, path }: Extract<Command, { verb: 'rename' }>): Work {
  const paths = yield* filesWith(name, path)
  if (typeof paths === 'string') return paths
  const files = yield { calls: paths.map((each) => ({ tool: 'readFile', input: { path: each } })) }
  const changes = paths.flatMap((each, i) => {
    const file = files[i]
    const edits = file && !file.isError ? renameIn(plain(file.text), name, to) : []
    return edits.length > 0 ? [{ tool: 'editFile', input: { path: each, edits } }] : []
  })
  if (changes.length === 0) return `No name \`${name}\` stands alone there.`
  const results = yield { calls: changes }
  const changed = changes.map(({ input }) => input.path)
  return told(`renamed \`${name}\` to \`${to}\` in`, changed, results)
}

/** The files that a text stands in; in words where there are none, or too many. */
function* filesWith(
  text: string,
  path: string | undefined,
): Generator<Move, readonly string[] | string, readonly Got[]> {
  const hits = yield* one('search', { query: text, ...(path !== undefined && { path }) })
  if (hits.isError) return failed('I could not search', hits)
  const paths = pathsIn(hits.text)
  if (paths.length === 0) return `\`${text}\` stands nowhere${path === undefined ? '' : ` in \`${path}\``}.`
  if (paths.length > maxFiles) return `\`${text}\` stands in more than ${maxFiles} files: say where, with \`in PATH\`.`
  return paths
}

/** A skill is words for models; what stands in its blocks marked `helper` is for us. */
function* apply(skill: string, depth: number): Work {
  if (depth > 0) return 'A skill that applies a skill is not followed.'
  const body = yield* one('activateSkill', { name: skill })
  if (body.isError) return failed(`There is no using \`${skill}\``, body)
  const blocks = [...body.text.matchAll(/^(`{3,})helper[ \t]*\n([^]*?)^\1[ \t]*$/gm)].map(([, , block = '']) => block)
  const parsed = blocks.flatMap(parseCommands)
  const wrong = parsed.find((each) => 'reason' in each)
  if (wrong) return `I did nothing of \`${skill}\`, for I do not understand \`${wrong.line}\`: ${wrong.reason}.`
  if (parsed.length === 0)
    return `\`${skill}\` is written for a language model, which I am not: it has no \`helper\` block.`
  const said: string[] = []
  for (const each of parsed) if ('command' in each) said.push(yield* carryOut(each.command, depth + 1))
  return said.join('\n\n')
}

function* one(tool: string, input: Wanted['input']): Generator<Move, Got, readonly Got[]> {
  const [got] = yield { calls: [{ tool, input }] }
  return got ?? { text: 'nothing came of it', isError: true }
}

function told(did: string, paths: readonly string[], results: readonly Got[]): string {
  const isFine = (_: string, i: number) => results[i]?.isError === false
  const fine = paths.filter(isFine)
  const lines = paths.flatMap((path, i) => {
    const got = results[i]
    return got?.isError === false ? [] : [failed(`\`${path}\` is as it was`, got)]
  })
  return [...(fine.length > 0 ? [`I ${did} ${listed(fine)}.`] : []), ...lines].join('\n')
}

/** `path:line: text`, one a line, as the search says it. */
const pathsIn = (text: string) => [...new Set([...text.matchAll(/^(\S[^:\n]*):\d+:/gm)].map(([, path = '']) => path))]
/** Without the numbers that stand before the lines of a file that is read. */
const plain = (text: string) => (/^(?: *\d+\t.*\n?)+$/.test(text) ? text.replace(/^ *\d+\t/gm, '') : text)
const failed = (what: string, got: Got | undefined) => `${what}: ${got?.text.slice(0, 1000) ?? 'nobody knows why'}`
const quote = (text: string) => (text.trim() === '' ? '' : `\n\n\`\`\`\n${text.slice(0, 4000)}\n\`\`\``)
const quoted = (path: string) => `'${path.replaceAll("'", String.raw`'\''`)}'`
const listed = (paths: readonly string[]) =>
  paths
    .slice(0, 20)
    .map((path) => `\`${path}\``)
    .join(', ') + (paths.length > 20 ? ` and ${paths.length - 20} more` : '')
