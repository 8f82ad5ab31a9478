import { visibleText } from '@tandem/shared'
import { Copy } from 'lucide-react'
import { copy } from './copy.ts'
import { fixParts } from './fix-words.ts'
import { IconButton } from './icon-button.tsx'
import styles from './fix.module.css'

/** What to do about something, in words; each command in it can be copied. */
export const Fix = ({ text }: { text: string }) =>
  fixParts(text).map(({ text: part, isCommand }, i) =>
    isCommand ? (
      <span key={i} className={styles.command}>
        <code>{visibleText(part)}</code>
        <IconButton label={`Copy ${part}`} className={styles.copy ?? ''} onClick={() => void copy(part, 'Copied.')}>
          <Copy size={12} aria-hidden />
        </IconButton>
      </span>
    ) : (
      visibleText(part)
    ),
  )
