import styles from './mark.module.css'

/** The logo: a circle over a square, a person beside an agent. */
export const Mark = () => (
  <span className={styles.mark} aria-hidden>
    <i />
    <i />
  </span>
)
