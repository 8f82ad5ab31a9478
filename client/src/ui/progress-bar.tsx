import styles from './progress-bar.module.css'

type ProgressBarProps = { label: string; done?: number | undefined; total?: number | undefined; className?: string }

/** How far something has come. Without `total` it only says that it goes on. */
export function ProgressBar({ label, done, total, className = '' }: ProgressBarProps) {
  const part = total === undefined || total <= 0 ? undefined : Math.min(1, (done ?? 0) / total)
  return (
    <span
      role="progressbar"
      className={`${styles.bar} ${className}`}
      aria-label={label}
      {...(part !== undefined && { 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': Math.floor(part * 100) })}
    >
      <i style={part === undefined ? undefined : { width: `${part * 100}%` }} />
    </span>
  )
}
