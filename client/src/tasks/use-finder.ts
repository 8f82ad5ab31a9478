import { messageOf } from '@tandem/shared'
import { useEffect, useMemo, useState } from 'react'
import { wordsFinder, type Finder } from './log-search.ts'

type Found = { find?: Finder; trouble?: string }

/** What finds words, or what a regular expression matches; why it cannot, where the pattern is none. */
export function useFinder(words: string, isPattern: boolean): Found {
  const [pattern, setPattern] = useState<Found & { of: string }>()
  useEffect(() => {
    if (words === '' || !isPattern) return
    let isOver = false
    const take = (found: Found) => {
      if (!isOver) setPattern({ of: words, ...found })
    }
    // Few search by pattern: the engine comes with the first.
    import('./log-pattern.ts').then(
      ({ patternFinder }) => take(patternFinder(words)),
      (e: unknown) => take({ trouble: `patterns did not load: ${messageOf(e)}` }),
    )
    return () => {
      isOver = true
    }
  }, [words, isPattern])
  const plain = useMemo(() => (words === '' ? {} : { find: wordsFinder(words) }), [words])
  if (!isPattern || words === '') return plain
  return pattern?.of === words ? pattern : {}
}
