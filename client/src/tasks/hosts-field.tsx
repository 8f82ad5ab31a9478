import { type RefObject, useId } from 'react'
import styles from './tasks.module.css'

type HostsFieldProps = {
  input: RefObject<HTMLInputElement | null>
  hosts: string
  /** What of them is no host, in words. */
  wrong: string | undefined
  onHosts: (hosts: string) => void
}

/** The hosts that a command may reach, as they are typed. */
export function HostsField({ input, hosts, wrong, onHosts }: HostsFieldProps) {
  const [field, said] = [useId(), useId()]
  return (
    <div className={styles.hosts}>
      <label htmlFor={field}>It may reach</label>
      <input
        ref={input}
        id={field}
        value={hosts}
        placeholder="hosts, such as example.org, or @npm for npm’s registry"
        aria-invalid={wrong !== undefined}
        aria-describedby={said}
        maxLength={4096}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        onChange={(e) => onHosts(e.currentTarget.value)}
      />
      {wrong !== undefined && (
        <span className={styles.wrong} id={said} role="alert">
          {wrong}
        </span>
      )}
    </div>
  )
}
