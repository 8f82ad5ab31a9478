import { messageOf } from '@tandem/shared'
import { useEffect, useState } from 'react'
import type { VersionText } from '../session/read-text.ts'
import type { Pair, Side } from './compare.ts'
import type { VersionTexts } from './version-texts.ts'

export type PairTexts =
  | { is: 'loading' }
  | { is: 'failed'; reason: string }
  /** Undefined: it did not exist. */
  | { is: 'ready'; before: VersionText | undefined; after: VersionText | undefined }

const keyOf = (side: Side | undefined) => (side ? `${side.version} ${side.path}` : '')

/** Both texts of a file’s pair. While newer ones are on their way, those that are here stay. `attempt` asks again. */
export function usePairTexts(pair: Pair | undefined, texts: VersionTexts, head: number, attempt: number): PairTexts {
  const key = pair && [pair.fileId, keyOf(pair.before), keyOf(pair.after)].join(' → ')
  const [state, setState] = useState<{ key: string | undefined; texts: PairTexts }>({
    key: undefined,
    texts: { is: 'loading' },
  })
  useEffect(() => {
    if (!pair) return
    let isWanted = true
    const ask = (side: Side | undefined) => (side ? texts(side, head) : undefined)
    Promise.all([ask(pair.before), ask(pair.after)]).then(
      ([before, after]) => isWanted && setState({ key, texts: { is: 'ready', before, after } }),
      (e: unknown) => isWanted && setState({ key, texts: { is: 'failed', reason: messageOf(e) } }),
    )
    return () => {
      isWanted = false
    }
    // oxlint-disable-next-line react/exhaustive-deps -- `key` is what `pair` says
  }, [key, texts, head, attempt])
  return state.key === key || state.texts.is === 'ready' ? state.texts : { is: 'loading' }
}
