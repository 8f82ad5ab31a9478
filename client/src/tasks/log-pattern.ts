import { messageOf } from '@tandem/shared'
import { RE2JS, RE2JSException } from 're2js'
import type { Finder } from './log-search.ts'

/** A pattern costs its size for each character; as the server bounds it. */
const maxPattern = { size: 1_000, repeats: 200 }

/**
 * Finds what a regular expression matches, whatever the case. The engine never backtracks: no pattern makes the page
 * hang. Why not, in words, where it is none.
 */
export function patternFinder(pattern: string): { find: Finder } | { trouble: string } {
  const repeats = [...pattern.matchAll(/\{(\d+),?(\d*)\}/g)].reduce(
    (sum, [, least, most]) => sum + Math.max(Number(least), Number(most)),
    0,
  )
  const tooLarge = { trouble: 'this pattern repeats too often' }
  if (repeats > maxPattern.repeats) return tooLarge
  try {
    const compiled = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE)
    return compiled.programSize() > maxPattern.size ? tooLarge : { find: (text) => placesOf(compiled, text) }
  } catch (e) {
    if (!(e instanceof RE2JSException)) throw e
    return { trouble: `this is no pattern we know: ${messageOf(e)}` }
  }
}

function placesOf(pattern: RE2JS, text: string): [number, number][] {
  const matcher = pattern.matcher(text)
  const places: [number, number][] = []
  // What matches nothing, such as `x*` between two letters, is no place.
  while (matcher.find()) if (matcher.end() > matcher.start()) places.push([matcher.start(), matcher.end()])
  return places
}
