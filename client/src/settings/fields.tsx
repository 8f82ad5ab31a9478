import { type Role, roles } from '@tandem/shared'
import styles from './settings.module.css'

/** What the server refused, in its words. */
export const Trouble = ({ text }: { text: string | undefined }) =>
  text !== undefined && (
    <p className={styles.trouble} role="alert">
      {text}
    </p>
  )

type RoleChoiceProps = {
  label: string
  value: Role
  allowed?: ((role: Role) => boolean) | undefined
  onChange: (role: Role) => void
}

/** The roles to choose from. */
export const RoleOptions = ({ allowed = () => true }: Pick<RoleChoiceProps, 'allowed'>) =>
  roles.filter(allowed).map((role) => (
    <option key={role} value={role}>
      {role}
    </option>
  ))

/** One of the roles. */
export const RoleChoice = ({ label, value, allowed, onChange }: RoleChoiceProps) => (
  <label>
    {label}
    <select value={value} onChange={(e) => onChange(e.currentTarget.value as Role)}>
      <RoleOptions allowed={allowed} />
    </select>
  </label>
)

type LifeChoiceProps = { value: number; lives: Readonly<Record<string, number>>; onChange: (ms: number) => void }

/** For how long something is good: ms by the words for it. */
export const LifeChoice = ({ value, lives, onChange }: LifeChoiceProps) => (
  <label>
    Good for
    <select value={value} onChange={(e) => onChange(Number(e.currentTarget.value))}>
      {Object.entries(lives).map(([words, ms]) => (
        <option key={words} value={ms}>
          {words}
        </option>
      ))}
    </select>
  </label>
)
