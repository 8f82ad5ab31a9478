import type { MirrorState } from '@tandem/shared/docs'
import { EyeOff, TriangleAlert } from 'lucide-react'
import { hiddenLine } from './counts.ts'
import styles from './files.module.css'

/** What of the folder is not in the tree and why, and where two versions were kept. */
export function HiddenNote({
  mirror,
  onConflict,
}: {
  mirror: MirrorState | undefined
  onConflict: (path: string) => void
}) {
  const hidden = hiddenLine(mirror?.hidden ?? [])
  const conflicts = mirror?.conflicts ?? []
  if (mirror?.phase === 'halted') {
    return (
      <p className={`${styles.note} ${styles.halted}`} role="alert">
        <TriangleAlert size={13} aria-hidden /> The folder is not being synced: {mirror.reason ?? 'the daemon halted'}.
      </p>
    )
  }
  return (
    <>
      {conflicts.map(({ path }) => (
        <button type="button" key={path} className={styles.note} onClick={() => onConflict(path)}>
          <TriangleAlert size={13} aria-hidden /> Two versions kept: {path}
        </button>
      ))}
      {hidden !== undefined && (
        <p className={styles.note} title={mirror?.hidden.map((h) => `${h.count} by ${h.reason}`).join('\n')}>
          <EyeOff size={13} aria-hidden /> {hidden}
        </p>
      )}
    </>
  )
}
