import { type ReactNode, useEffect, useState } from 'react'
import styles from './states.module.css'

/** One sentence and the one thing to do. */
export const Empty = ({ children, action }: { children: ReactNode; action?: ReactNode }) => (
  <div className={styles.empty}>
    <p>{children}</p>
    {action}
  </div>
)

/** What failed, what is safe, and a way to try again. */
export const Failed = ({ what, safe, action }: { what: string; safe: string; action?: ReactNode }) => (
  <div className={styles.empty} role="alert">
    <p className={styles.what}>{what}</p>
    <p>{safe}</p>
    {action}
  </div>
)

/** Grey bars in the shape of what is coming; nothing at all for the first 150 ms. */
export function Skeleton({ label, widths, indent = 0 }: { label: string; widths: readonly number[]; indent?: number }) {
  const shown = useAfter(150)
  return (
    <div className={styles.skeleton} role="status" aria-label={label} style={{ paddingLeft: indent || undefined }}>
      {shown && widths.map((width, i) => <i key={i} style={{ width: `${width}%` }} />)}
    </div>
  )
}

/** True once `ms` have passed: what appears only for a moment is noise. */
export function useAfter(ms: number): boolean {
  const [passed, setPassed] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setPassed(true), ms)
    return () => clearTimeout(timer)
  }, [ms])
  return passed
}
