// `pnpm spec`: which promises of docs/spec have a test and which do not. It informs and ends with 0.
// `pnpm spec --strict ID...` ends with 1 when one of these has none (a prefix such as `MIR-` names them all).
import { parseArgs } from 'node:util'
import { readRules, readTests } from './spec-rules.ts'
import { root } from './stage.ts'

const { values, positionals } = parseArgs({ options: { strict: { type: 'boolean' } }, allowPositionals: true })
const wanted = (id: string) =>
  positionals.length === 0 || positionals.some((each) => (each.endsWith('-') ? id.startsWith(each) : id === each))

const tests = readTests(root)
const rules = readRules(root)
const shown = rules.filter(({ id }) => wanted(id))
const untested = shown.filter(({ id, noTest }) => !tests.has(id) && !noTest)
const say = (line: string) => process.stdout.write(`${line}\n`)

for (const file of new Set(shown.map((rule) => rule.file))) {
  say(`\n${file}`)
  for (const rule of shown.filter((each) => each.file === file)) {
    const state = tests.get(rule.id)?.join(' ') ?? (rule.noTest ? `no test: ${rule.noTest}` : '-')
    say(`  ${rule.id.padEnd(8)} ${rule.text.replaceAll('**', '').slice(0, 70).padEnd(70)}  ${state}`)
  }
}

const known = new Set(rules.map(({ id }) => id))
const unknown = [...tests].filter(([id]) => !known.has(id))
for (const [id, files] of unknown) say(`\n${id} is named in ${files.join(' ')} but stands in no file of docs/spec.`)

const tested = shown.filter(({ id }) => tests.has(id)).length
say(
  `\n${shown.length} rules: ${tested} with a test, ${untested.length} without, ${shown.length - tested - untested.length} need none`,
)

if (values.strict && (untested.length > 0 || unknown.length > 0)) {
  for (const { id, text } of untested) say(`no test: ${id} ${text}`)
  process.exitCode = 1
}
