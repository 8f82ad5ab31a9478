import type { ComponentProps, ReactNode } from 'react'
import styles from './button.module.css'
import { Tip } from './tip.tsx'

type ButtonProps = ComponentProps<'button'> & { variant?: 'primary' | 'plain' | 'quiet' | 'danger' }

/** A button with words. Primary is ink on paper: chrome has no hue of its own. */
export const Button = ({ variant = 'plain', className = '', type = 'button', ...rest }: ButtonProps) => (
  <button type={type} className={`${styles.button} ${styles[variant]} ${className}`} {...rest} />
)

type IconButtonProps = Omit<ComponentProps<'button'>, 'children'> & { label: string; shortcut?: string; children: ReactNode }

/** A button with a picture only: its label is its name and its tooltip. */
export const IconButton = ({ label, shortcut, children, className = '', ...rest }: IconButtonProps) => (
  <Tip text={label} shortcut={shortcut}>
    <button type="button" aria-label={label} className={`${styles.icon} ${className}`} {...rest}>
      {children}
    </button>
  </Tip>
)
