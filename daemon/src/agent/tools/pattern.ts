import { TandemError } from '@tandem/shared'
import { RE2JS, RE2JSException } from 're2js'

/** More than anybody means; counted repetitions are written out before the size of a pattern is known. */
const maxPattern = { size: 1_000, repeats: 200 }

export type Finder = {
  /** Where it begins in a line; undefined where it is not. */
  find(line: string): number | undefined
  /** What looking at one character costs, against plain text: longer patterns take longer. */
  cost: number
}

/**
 * Looks for words, or for a regular expression that never backtracks: each character costs at most the pattern's size.
 * Throws `validation-failed` for what is no such expression.
 */
export function finderFor(pattern: string, { regex, matchCase }: { regex: boolean; matchCase: boolean }): Finder {
  if (regex) {
    const compiled = compile(pattern, matchCase)
    const find: Finder['find'] = (line) => {
      const matcher = compiled.matcher(line)
      return matcher.find() ? matcher.start() : undefined
    }
    return { find, cost: compiled.programSize() }
  }
  const words = matchCase ? pattern : pattern.toLowerCase()
  const find: Finder['find'] = (line) => {
    const at = (matchCase ? line : line.toLowerCase()).indexOf(words)
    return at < 0 ? undefined : at
  }
  return { find, cost: 1 }
}

function compile(pattern: string, matchCase: boolean): RE2JS {
  const refuse = (reason: string, e?: unknown) => new TandemError('validation-failed', { reason }, e)
  const repeats = [...pattern.matchAll(/\{(\d+),?(\d*)\}/g)]
  const total = repeats.reduce((sum, [, a, b]) => sum + Math.max(Number(a), Number(b)), 0)
  if (total > maxPattern.repeats) throw refuse('this regular expression repeats too often')
  try {
    const compiled = RE2JS.compile(pattern, matchCase ? 0 : RE2JS.CASE_INSENSITIVE)
    if (compiled.programSize() > maxPattern.size) throw refuse('this regular expression is too large')
    return compiled
  } catch (e) {
    if (!(e instanceof RE2JSException)) throw e
    throw refuse(`this is no regular expression we know (RE2, without look-around): ${e.message}`, e)
  }
}
