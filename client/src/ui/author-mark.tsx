import type { Author } from '@tandem/shared'
import { HardDrive, Server } from 'lucide-react'
import styles from './author-mark.module.css'

/** Who wrote: a circle for a person, a square for an agent, in their hue; a disk and the server have a quiet picture. */
export const AuthorMark = ({ kind, hue }: { kind: Author['kind']; hue: number }) =>
  kind === 'person' || kind === 'agent' ? (
    <i className={styles.mark} data-kind={kind === 'person' ? 'human' : 'agent'} data-hue={hue + 1} aria-hidden />
  ) : kind === 'disk' ? (
    <HardDrive size={12} className={styles.quiet} aria-hidden />
  ) : (
    <Server size={12} className={styles.quiet} aria-hidden />
  )
