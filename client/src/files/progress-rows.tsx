import { useProgress } from '../session/use-progress.ts'
import { ProgressBar } from '../ui/progress-bar.tsx'
import styles from './files.module.css'

/** How far the first mirror is, or the catching up: one line a machine, and nothing while all is in step. */
export const ProgressRows = () =>
  useProgress().map(({ id, label, done, total }) => (
    <div key={id} className={styles.progress}>
      <span aria-hidden>{label}</span>
      <ProgressBar label={label} done={done} total={total} />
    </div>
  ))
