import { useState } from 'react'
import { Button } from '../ui/button.tsx'
import styles from './settings.module.css'

/** Something the server tells only now, ready to be copied. */
export function SecretOnce({ label, text, advice }: { label: string; text: string; advice: string }) {
  const [copied, setCopied] = useState(false)
  return (
    <div className={styles.secret} role="status">
      <label>
        {label}
        <input readOnly value={text} spellCheck={false} onFocus={(e) => e.currentTarget.select()} />
      </label>
      <Button
        variant="primary"
        onClick={() =>
          void navigator.clipboard?.writeText(text).then(
            () => setCopied(true),
            () => setCopied(false),
          )
        }
      >
        {copied ? 'Copied' : 'Copy'}
      </Button>
      <p>{advice}</p>
    </div>
  )
}
