import { Mark } from './ui/mark.tsx'
import { Skeleton } from './ui/states.tsx'
import styles from './workbench.module.css'

/** The shape of the workbench, while it is being opened. */
export const ShellSkeleton = () => (
  <div className={styles.shell} aria-busy>
    <header className={styles.top}>
      <Mark />
    </header>
    <div className={styles.skeletonBody}>
      <Skeleton label="Opening the workspace" widths={[52, 38, 64, 45, 58, 30, 49]} />
      <div />
    </div>
    <footer className={styles.foot} />
  </div>
)
