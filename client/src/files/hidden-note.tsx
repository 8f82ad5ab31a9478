import type { MirrorState } from '@tandem/shared/docs'
import { EyeOff } from 'lucide-react'
import { hiddenLine } from './counts.ts'
import styles from './files.module.css'

/** What of the folder is not in the tree, and why. */
export function HiddenNote({ mirror }: { mirror: MirrorState | undefined }) {
  const hidden = hiddenLine(mirror?.hidden ?? [])
  if (hidden === undefined) return undefined
  return (
    <p className={styles.note} title={mirror?.hidden.map((h) => `${h.count} by ${h.reason}`).join('\n')}>
      <EyeOff size={13} aria-hidden /> {hidden}
    </p>
  )
}
