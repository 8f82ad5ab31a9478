import type { Run } from '@tandem/shared/docs'
import { visibleText } from '@tandem/shared'
import { useDeferredValue } from 'react'
import { useView } from '../session/use-view.ts'
import styles from './chat.module.css'
import { targetOf, verbOf } from './call-words.ts'
import { Markdown } from './markdown.tsx'

/** So much of what a call is going to write is shown while it comes: its end. */
const shownLines = 12

/** What is being said right now. It alone is rendered as it grows. */
export function DraftView({ draft }: { draft: Run['draft'] }) {
  const { part, text } = useDeferredValue(useView(draft))
  if (!part) return undefined
  if (part.kind === 'text') return <Markdown text={text} />
  if (part.kind === 'reasoning')
    return (
      <details className={styles.reasoning} open>
        <summary>Thinking…</summary>
        <p>{visibleText(text.slice(-2_000))}</p>
      </details>
    )
  const lines = text.split('\n')
  return (
    <div className={styles.writing}>
      <p>
        {verbOf(part.tool ?? '')} <code>{targetOf({ input: { path: part.path } })}</code>…
        {lines.length > shownLines && <span> {lines.length.toLocaleString('en')} lines</span>}
      </p>
      {text !== '' && <pre>{visibleText(lines.slice(-shownLines).join('\n'))}</pre>}
    </div>
  )
}
