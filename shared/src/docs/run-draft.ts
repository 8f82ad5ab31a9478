import type * as Y from 'yjs'
import { TandemError } from '../base/errors.ts'
import { DraftPart } from '../protocol/agent.ts'
import { checked } from './checked.ts'
import { cachedView, type View } from './view.ts'

/** More is no answer, and would be no message. */
const maxDraft = 2 ** 20

/**
 * What is being streamed, to be seen and nothing else: what came of it is a message. One `Y.Text` that grows: as a value
 * that is set again and again, an answer of 8,000 tokens was 48 MB on the wire, and is 80 KB.
 */
export type RunDraft = View<{ readonly part: DraftPart | undefined; readonly text: string }> & {
  /** Begins a part; what was there goes. */
  begin(part: DraftPart): void
  /** Adds to it; some twenty times a second are enough. Throws `too-large`. */
  add(text: string): void
  end(): void
}

export function openRunDraft(doc: Y.Doc): RunDraft {
  const text = doc.getText('draft')
  const map = doc.getMap<unknown>('drafting')
  const clear = () => {
    if (text.length > 0) text.delete(0, text.length)
  }
  return {
    ...cachedView(
      () => ({ part: DraftPart.safeParse(map.get('part')).data, text: text.toString() }),
      (changed) => {
        text.observe(changed)
        map.observe(changed)
      },
    ),
    begin: (part) =>
      doc.transact(() => {
        clear()
        map.set('part', checked(DraftPart, part, 'draft'))
      }),
    add: (more) => {
      if (text.length + more.length > maxDraft)
        throw new TandemError('too-large', { reason: 'the answer is longer than one may be', limit: maxDraft })
      text.insert(text.length, more)
    },
    end: () =>
      doc.transact(() => {
        clear()
        map.delete('part')
      }),
  }
}
