import { UserRoundPen } from 'lucide-react'
import { IconButton } from '../ui/icon-button.tsx'
import styles from './editor.module.css'

type BlameToggleProps = { line: string | undefined; isOn: boolean; onToggle: () => void }

/** Turns the gutter on; while it is, the cursor's line is said in words, for who cannot point or see a hue. */
export const BlameToggle = ({ line, isOn, onToggle }: BlameToggleProps) => (
  <>
    {isOn && line !== undefined && (
      <span className={styles.line} title={line}>
        {line}
      </span>
    )}
    <IconButton label="Who wrote each line" shortcut="Alt+B" aria-pressed={isOn} onClick={onToggle}>
      <UserRoundPen size={14} aria-hidden />
    </IconButton>
  </>
)
