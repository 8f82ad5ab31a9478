import { messageOf } from '@tandem/shared'
import { useState } from 'react'

/** One thing asked of the server at a time; what it refuses is told in its words, and nothing has changed then. */
export function useAction(onDone: () => void) {
  const [isRunning, setRunning] = useState(false)
  const [trouble, setTrouble] = useState<string>()
  const run = (work: () => Promise<unknown>) => {
    setRunning(true)
    setTrouble(undefined)
    work()
      .then(onDone, (e: unknown) => setTrouble(sentence(messageOf(e))))
      .finally(() => setRunning(false))
  }
  return { run, isRunning, trouble }
}

const sentence = (words: string) => `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}${words.endsWith('.') ? '' : '.'}`
