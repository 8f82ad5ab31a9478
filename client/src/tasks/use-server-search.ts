import { messageOf } from '@tandem/shared'
import { useEffect, useState } from 'react'
import { z } from 'zod'
import { call } from '../session/call.ts'

/** Somebody who types is let finish, ms. */
const restMs = 300
const SearchAnswer = z.object({
  matches: z.array(z.object({ o: z.int(), t: z.number(), text: z.string(), at: z.tuple([z.int(), z.int()]) })),
  isComplete: z.boolean(),
})
type Found = { hits: z.infer<typeof SearchAnswer>['matches']; isComplete: boolean; trouble?: string }

/** Lines of an output that the server finds in the whole of it; undefined until it has answered, and for no words. */
export function useServerSearch(logUrl: string, words: string, isPattern: boolean): Found | undefined {
  const [found, setFound] = useState<Found & { of: string }>()
  const query = new URLSearchParams({ q: words, ...(isPattern && { regex: 'true' }) }).toString()
  const url = words === '' ? undefined : `${logUrl.replace('/log?', '/log/search?')}&${query}`
  useEffect(() => {
    if (url === undefined) return
    const ending = new AbortController()
    const { signal } = ending
    const go = async () => {
      try {
        const { matches, isComplete } = await call('GET', url, SearchAnswer, undefined, { signal })
        setFound({ of: url, hits: matches, isComplete })
      } catch (e) {
        if (!signal.aborted) setFound({ of: url, hits: [], isComplete: false, trouble: messageOf(e) })
      }
    }
    const timer = setTimeout(() => void go(), restMs)
    return () => {
      clearTimeout(timer)
      ending.abort()
    }
  }, [url])
  return found?.of === url ? found : undefined
}
