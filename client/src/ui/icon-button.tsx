import type { ComponentProps, ReactNode } from 'react'
import styles from './button.module.css'
import { Tip } from './tip.tsx'

type IconButtonProps = Omit<ComponentProps<'button'>, 'children'> & {
  label: string
  shortcut?: string
  children: ReactNode
}

/** A button with a picture only: its label is its name and its tooltip. */
export const IconButton = ({ label, shortcut, children, className = '', ...rest }: IconButtonProps) => (
  <Tip text={label} shortcut={shortcut}>
    <button type="button" aria-label={label} className={`${styles.icon} ${className}`} {...rest}>
      {children}
    </button>
  </Tip>
)
