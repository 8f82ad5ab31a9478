import { explain } from './explain.ts'
import { parseCommands, type Command } from './grammar.ts'
import { renameIn } from './rename.ts'

export type Wanted = { readonly tool: string; readonly input: Readonly<Record<string, unknown>> }
export type Got = { readonly text: string; readonly isError: boolean }
/** Says something, wants tools to be called, or both. */
export type Move = { readonly text?: string; readonly calls?: readonly Wanted[] }
type Plan = Generator<Move, void, readonly Got[]>

/** So many files are changed by one command, each by so many edits at once. */
const maxFiles = 50
const maxEdits = 100
/** So many lines are found at most, and a file is read in so many parts. */
const maxHits = 200
const maxReads = 20

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
      const file = yield* readWhole(command.path)
      return file.isError ? failed(`I could not read \`${command.path}\``, file) : explain(command.path, file.text)
    }
    case 'find': {
      const hits = yield* search(command.text, command.path)
      if (hits.isError) return failed('I could not search', hits)
      const paths = pathsIn(hits.text)
      if (paths.length === 0) return `\`${command.text}\` stands nowhere.`
      return `\`${command.text}\` stands in ${listed(paths)}.${isPart(hits) ? ' There may be more.' : ''}`
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
      const there = yield* one('readFile', { path: command.path })
      if (!there.isError) return `\`${command.path}\` is there already, and as it was.`
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
  const changes: { path: string; calls: Wanted[] }[] = []
  const files = yield* readAll(paths)
  for (const [n, each] of paths.entries()) {
    const file = files[n] ?? nothing
    const edits = file.isError ? [] : renameIn(file.text, name, to)
    const calls: Wanted[] = []
    for (let i = 0; i < edits.length; i += maxEdits)
      calls.push({ tool: 'editFile', input: { path: each, edits: edits.slice(i, i + maxEdits) } })
    if (calls.length > 0) changes.push({ path: each, calls })
  }
  if (changes.length === 0) return `No name \`${name}\` stands alone there.`
  const results = yield { calls: changes.flatMap(({ calls }) => calls) }
  const changed = changes.flatMap((change) => change.calls.map(() => change.path))
  return told(`renamed \`${name}\` to \`${to}\` in`, changed, results)
}

/** The files that a text stands in; in words where there are none, or more than are changed at once. */
function* filesWith(
  text: string,
  path: string | undefined,
): Generator<Move, readonly string[] | string, readonly Got[]> {
  const hits = yield* search(text, path)
  if (hits.isError) return failed('I could not search', hits)
  const paths = pathsIn(hits.text)
  if (isPart(hits) || paths.length > maxFiles)
    return `\`${text}\` stands in too many places to change at once: say where, with \`in PATH\`.`
  return paths.length === 0 ? `\`${text}\` stands nowhere${path === undefined ? '' : ` in \`${path}\``}.` : paths
}

const search = (pattern: string, path = '') =>
  one('search', { pattern, matchCase: true, limit: maxHits, ...(path !== '' && { path }) })
const nothing: Got = { text: 'nothing came of it', isError: true }
/** It says so itself where it stopped before the end. */
const isPart = ({ text }: Got) => /^\(stopped after /m.test(text)

/** A file's text without the numbers of its lines, however many readings it takes. */
function* readWhole(path: string): Generator<Move, Got, readonly Got[]> {
  const [file] = yield* readAll([path])
  return file ?? nothing
}

/** Several at once, each as far as it goes; then what is left of those that are longer. */
function* readAll(paths: readonly string[]): Generator<Move, readonly Got[], readonly Got[]> {
  const files = paths.map((path) => ({ path, from: 1, text: '', error: undefined as Got | undefined }))
  let left = files
  for (let i = 0; i < maxReads && left.length > 0; i++) {
    const got = yield { calls: left.map(({ path, from }) => ({ tool: 'readFile', input: { path, from } })) }
    left = left.filter((file, j) => {
      const { text, isError } = got[j] ?? nothing
      if (isError) file.error = { text, isError }
      if (isError || text === `${file.path} is empty`) return false
      const next = /\n\(\d+ lines in all; go on from line (\d+)\)$/.exec(text)
      file.text += `${(next ? text.slice(0, next.index) : text).replace(/^\d+\t/gm, '')}\n`
      file.from = Number(next?.[1])
      return next !== null
    })
  }
  for (const file of left) file.error = { text: `${file.path} is too long for me`, isError: true }
  return files.map(({ text, error }) => error ?? { text, isError: false })
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
  return got ?? nothing
}

function told(did: string, paths: readonly string[], results: readonly Got[]): string {
  const isFine = (_: string, i: number) => results[i]?.isError === false
  const fine = [...new Set(paths.filter(isFine))]
  const lines = paths.flatMap((path, i) => {
    const got = results[i]
    return got?.isError === false ? [] : [failed(`\`${path}\` is as it was`, got)]
  })
  return [...(fine.length > 0 ? [`I ${did} ${listed(fine)}.`] : []), ...lines].join('\n')
}

/** `path:line: text`, one a line, as the search says it. */
const pathsIn = (text: string) => [...new Set([...text.matchAll(/^(\S[^:\n]*):\d+:/gm)].map(([, path = '']) => path))]
const failed = (what: string, got: Got | undefined) => `${what}: ${got?.text.slice(0, 1000) ?? 'nobody knows why'}`
const quote = (text: string) => (text.trim() === '' ? '' : `\n\n\`\`\`\n${text.slice(0, 4000)}\n\`\`\``)
const quoted = (path: string) => `'${path.replaceAll("'", String.raw`'\''`)}'`
const listed = (paths: readonly string[]) =>
  paths
    .slice(0, 20)
    .map((path) => `\`${path}\``)
    .join(', ') + (paths.length > 20 ? ` and ${paths.length - 20} more` : '')
