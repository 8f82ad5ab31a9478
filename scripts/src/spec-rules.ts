import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One numbered promise of `docs/spec/`. */
export interface Rule {
  id: string
  text: string
  file: string
  /** Why this line has no test and needs none (`(no test: history)`). */
  noTest?: string
}

const ruleLine = /^- \*\*([A-Z]+-?\d+)\*\* (.+)$/
const idInTitle = /\[([A-Z]+-?\d+)\]/g
const testFiles = '*/src/**/*.{test,suite,sim,long}.{ts,tsx}'

/** Every rule, in the order of the files. A number used twice is a mistake that throws. */
export function readRules(root: string): Rule[] {
  const rules = globSync('docs/spec/*.md', { cwd: root })
    .toSorted()
    .flatMap((file) => rulesIn(readFileSync(join(root, file), 'utf8'), file))
  const seen = new Map<string, string>()
  for (const { id, file } of rules) {
    const first = seen.get(id)
    if (first) throw new Error(`${id} is numbered twice: in ${first} and in ${file}.`)
    seen.set(id, file)
  }
  return rules
}

export function rulesIn(text: string, file: string): Rule[] {
  return text.split('\n').flatMap((line) => {
    const [, id, rule] = ruleLine.exec(line) ?? []
    if (!id || !rule) return []
    const noTest = /\(no test: (.+)\)$/.exec(rule)?.[1]
    return [{ id, text: rule, file, ...(noTest && { noTest }) }]
  })
}

/** The files whose tests name each rule, by rule. */
export function readTests(root: string): Map<string, string[]> {
  const filesById = new Map<string, string[]>()
  for (const file of globSync(testFiles, { cwd: root, exclude: ['**/node_modules/**'] }).toSorted()) {
    for (const id of idsIn(readFileSync(join(root, file), 'utf8'))) {
      filesById.set(id, [...(filesById.get(id) ?? []), file])
    }
  }
  return filesById
}

/** The rules named in a test file, in brackets as titles have them. */
export function idsIn(source: string): Set<string> {
  return new Set([...source.matchAll(idInTitle)].map(([, id]) => id!))
}
