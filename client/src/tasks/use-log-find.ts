import { useRef, useState } from 'react'
import type { Log, LogFacts } from './log.ts'
import { useFinder } from './use-finder.ts'
import { useLogSearch, type LogSearch } from './use-log-parts.ts'

/** What is looked for in an output while the search is open, and what was found. */
export function useLogFind(log: Log, facts: LogFacts, isOver: boolean) {
  const [isOn, setOn] = useState(false)
  const [words, setWords] = useState('')
  const [isPattern, setPattern] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const { find, trouble } = useFinder(isOn ? words : '', isPattern)
  const search = useLogSearch(log, facts, isOver ? facts.end : facts.settled, find)
  return {
    isOn,
    setOn,
    words,
    setWords,
    isPattern,
    setPattern,
    input,
    search,
    /** The words are to be a pattern, and are none. */
    isWrong: trouble !== undefined,
    /** How many were found, or why nothing can be, in words. */
    says: trouble ?? foundWords(words, search),
  }
}

/** "3 of 17", "17 hits", "more than 10,000 hits"; nothing while nothing was asked. */
function foundWords(words: string, { count, isLooking, isFull, at }: LogSearch): string {
  if (words === '') return ''
  const many = `${isFull ? 'more than ' : ''}${count.toLocaleString('en')}`
  if (at !== undefined) return `${(at + 1).toLocaleString('en')} of ${many}`
  if (count === 0) return isLooking ? 'searching…' : 'not found'
  return count === 1 ? '1 hit' : `${many} hits`
}
