import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { defaultFacts } from '../models/settings.ts'
import { answerAll, newWorld, processOf } from '../testing/run-bed.ts'
import type { RunPorts } from '../loop/ports.ts'
import { runAgent } from '../loop/run-agent.ts'
import type { Tool } from '../loop/tool.ts'
import { showLines } from '../tools/show-lines.ts'
import { explain } from './explain.ts'
import { parseCommands } from './grammar.ts'
import { createHelperModel } from './helper-model.ts'
import { renameIn } from './rename.ts'

const edits = z.array(z.object({ oldText: z.string(), newText: z.string(), replaceAll: z.boolean().optional() }))
type Edits = z.infer<typeof edits>

/** As an edit tool does it: each text stands once, or all of them are meant. */
function applied(text: string, list: Edits): string {
  return list.reduce((whole, { oldText, newText, replaceAll }) => {
    const count = whole.split(oldText).length - 1
    if (count === 0 || (count > 1 && replaceAll !== true)) throw new Error(`stands ${count} times: ${oldText}`)
    return whole.split(oldText).join(newText)
  }, text)
}

/** Toys over a table of files, that answer as the real ones do. */
function fileTools(files: Map<string, string>): Tool[] {
  const at = (path: string) => {
    const text = files.get(path)
    if (text === undefined) throw new Error(`there is no file ${path}`)
    return text
  }
  const tool = <I>(name: string, input: z.ZodType<I>, run: (given: I) => string, isRead = false): Tool => ({
    name,
    description: name,
    input,
    isRead,
    run: async (given) => ({ text: run(given as I) }),
  })
  const path = z.string()
  return [
    tool(
      'readFile',
      z.object({ path, from: z.int().default(1) }),
      (given) => {
        const text = at(given.path)
        if (text === '') return `${given.path} is empty`
        const { shown, total, left } = showLines(text, given.from, given.from + 2, 64_000)
        return left === undefined ? shown : `${shown}\n(${total} lines in all; go on from line ${left})`
      },
      true,
    ),
    tool(
      'search',
      z.object({ pattern: z.string(), path: path.default('') }),
      ({ pattern, path: below }) =>
        [...files]
          .filter(([name]) => name === below || below === '' || name.startsWith(`${below}/`))
          .flatMap(([name, text]) =>
            text.split('\n').flatMap((line, i) => (line.includes(pattern) ? [`${name}:${i + 1}: ${line}`] : [])),
          )
          .join('\n'),
      true,
    ),
    tool('editFile', z.object({ path, edits }), (given) => {
      files.set(given.path, applied(at(given.path), given.edits))
      return 'edited'
    }),
    tool('writeFile', z.object({ path, content: z.string() }), (given) => {
      files.set(given.path, given.content)
      return 'written'
    }),
    tool('bash', z.object({ command: z.string() }), ({ command }) => {
      if (command.includes('false')) throw new Error('exit code 1')
      return `ran ${command}`
    }),
    tool('activateSkill', z.object({ name: z.string() }), ({ name }) => {
      if (name === 'poem') return 'Write as a poet would.'
      if (name === 'tidy')
        return 'Tidy up.\n\n```helper\nreplace "var " with "let "\ncreate NOTES.md with "tidied"\n```\n'
      throw new Error(`there is no skill ${name}`)
    }),
  ]
}

async function tell(
  message: string,
  files: Map<string, string>,
  ports: Partial<RunPorts> = {},
  world = newWorld(message),
) {
  const model = { id: 'helper:built-in', model: createHelperModel(), facts: defaultFacts }
  const end = await runAgent(
    processOf({ world, model, tools: fileTools(files), judge: () => ({ decision: 'allow' }), ...ports }),
  )
  const last = world.saved.messages.at(-1)?.content
  const said =
    typeof last === 'string' ? last : (last ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('')
  return { end, said, world }
}

const project = () =>
  new Map([
    ['src/a.ts', 'export const count = 1\nexport function add(count: number) {\n  return discount + count\n}\n'],
    ['src/b.ts', "import { count } from './a.ts'\nvar x = count\n"],
    ['README.md', '# Title\n\nSays nothing of it.\n'],
  ])

test('[AGT-12] [AGT-60] without any key, each command is carried out through the same loop and tools', async () => {
  const files = project()
  const { said, end } = await tell(
    'rename count to total\nreplace "Says nothing" with "Tells all" in README.md\nrun npm test',
    files,
  )
  expect(end).toEqual({ end: 'done' })
  expect(files.get('src/a.ts')).toBe(
    'export const total = 1\nexport function add(total: number) {\n  return discount + total\n}\n',
  )
  expect(files.get('src/b.ts')).toBe("import { total } from './a.ts'\nvar x = total\n")
  expect(files.get('README.md')).toContain('Tells all of it.')
  expect(said).toContain('I renamed `count` to `total` in `src/a.ts`, `src/b.ts`.')
  expect(said).toContain('`npm test` ended well.')
})

test('[AGT-12] [AGT-60] explain, find, create, move and skills', async () => {
  const files = project()
  expect((await tell('explain @src/a.ts', files)).said).toBe(
    '`src/a.ts` has 4 lines.\n- functions: `add`\n- constants: `count`',
  )
  expect((await tell('find count in src', files)).said).toBe('`count` stands in `src/a.ts`, `src/b.ts`.')
  expect((await tell('create src/a.ts with "x"', files)).said).toBe('`src/a.ts` is there already, and as it was.')
  await tell('create src/c.ts\n```ts\nconst c = 1\n\n```', files)
  expect(files.get('src/c.ts')).toBe('const c = 1\n\n')
  expect((await tell('/tidy', files)).said).toContain('I replaced it in `src/b.ts`.')
  expect(files.get('NOTES.md')).toBe('tidied\n')
  expect((await tell('apply poem', files)).said).toContain('which I am not')
  expect((await tell("move src/c.ts to lib/it's.ts", files)).world.saved.messages.at(-2)).toMatchObject({
    content: [{ output: { value: String.raw`ran mv -n -- 'src/c.ts' 'lib/it'\''s.ts'` } }],
  })
})

test('[AGT-12] [AGT-61] what it does not understand it says, does nothing of it, and says what it is', async () => {
  const files = project()
  for (const message of ['please make it nicer', 'run npm test\nand tell me', 'rename a b', 'help', '']) {
    const { said, world } = await tell(message, files)
    expect(said).toContain('not a language model')
    expect(world.saved.messages).toHaveLength(2)
  }
  expect(files).toEqual(project())
})

test('[AGT-60] what fails or is not allowed is said as it is, and the rest is done', async () => {
  const files = project()
  const { said } = await tell('explain gone.ts\nrun false\ncreate x.txt with "x"', files)
  expect(said).toBe(
    'I could not read `gone.ts`: there is no file gone.ts\n\n`false` failed: exit code 1\n\n`x.txt` is there.',
  )
  const judge: RunPorts['judge'] = ({ tool }) =>
    tool === 'bash' ? { decision: 'deny', reason: 'plan mode only reads' } : { decision: 'allow' }
  expect((await tell('run ls', files, { judge })).said).toBe('`ls` failed: not allowed: plan mode only reads')
})

test('[AGT-60] a run of the helper waits for a person and goes on in another process', async () => {
  const files = project()
  const judge: RunPorts['judge'] = ({ tool }) =>
    tool === 'bash' ? { decision: 'ask', reason: 'r', summary: 's', risk: 'low' } : { decision: 'allow' }
  const first = await tell('create a.txt with "1"\nrun ls\ncreate b.txt with "2"', files, { judge })
  if (first.end.end !== 'parked' || !('questions' in first.end)) throw new Error(JSON.stringify(first.end))
  expect([...files.keys()]).toContain('a.txt')
  files.delete('a.txt')
  answerAll(first.world, first.end.questions)
  const second = await tell('', files, { judge }, first.world)
  expect(second.said).toContain('`ls` ended well.')
  // What was done before is not done again.
  expect([...files.keys()]).not.toContain('a.txt')
  expect(files.get('b.txt')).toBe('2\n')
})

test('[AGT-60] a message is parsed line by line; quotes hold what is in them', () => {
  const commands = parseCommands(
    'replace "a \\"b\\"\\n" with \'c d\' in src\nfind two words\nrename a to b in x\n  /skill  ',
  )
  expect(commands).toEqual([
    { command: { verb: 'replace', text: 'a "b"\n', by: 'c d', path: 'src' } },
    { command: { verb: 'find', text: 'two words' } },
    { command: { verb: 'rename', name: 'a', to: 'b', path: 'x' } },
    { command: { verb: 'apply', skill: 'skill' } },
  ])
  fc.assert(
    fc.property(fc.string({ maxLength: 200, unit: 'grapheme' }), (text) => void parseCommands(text)),
    { numRuns: 300 },
  )
})

test('[AGT-62] a name is renamed wherever it stands alone and nowhere else, by edits that each fit one place', () => {
  const unit = fc.constantFrom('a', 'ab', 'b', ' ', '\n', '.', '(', 'a\n', '\nab ')
  const text = fc.array(unit, { maxLength: 60 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, (whole) => {
      const renamed = whole.replace(/(?<![\p{L}\p{N}_$])a(?![\p{L}\p{N}_$])/gu, 'zz')
      expect(applied(whole, [...renameIn(whole, 'a', 'zz')])).toBe(renamed)
    }),
    { numRuns: 1000 },
  )
})

test('[AGT-60] what a file is said to define is what its lines say', () => {
  expect(explain('a.py', 'import os\nfrom x import y\ndef f():\n  # TODO\n  pass\nclass C:\n')).toBe(
    '`a.py` has 6 lines.\n- imports: `os`, `x`\n- functions: `f`\n- classes and types: `C`\n- marked as left to do: 1',
  )
})
