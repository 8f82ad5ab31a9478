import Anser from 'anser'
import { memo } from 'react'
import styles from './tasks.module.css'

/** One line with its colours. Ours, not the program's: the sixteen names map to the theme, anything finer is kept. */
export const AnsiLine = memo(function AnsiLine({ text }: { text: string }) {
  if (!text.includes('\u001b')) return <>{text}</>
  return Anser.ansiToJson(text, { json: true, remove_empty: true, use_classes: true }).map((part, i) => (
    <span
      key={i}
      className={[
        part.fg && styles[part.fg.replace('ansi-', '').replaceAll('-', '_')],
        ...part.decorations.map((d) => styles[d]),
      ]
        .filter(Boolean)
        .join(' ')}
      style={part.fg_truecolor ? { color: `rgb(${part.fg_truecolor})` } : undefined}
    >
      {part.content}
    </span>
  ))
})
