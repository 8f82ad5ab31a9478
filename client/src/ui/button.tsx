import type { ComponentProps } from 'react'
import styles from './button.module.css'

type ButtonProps = ComponentProps<'button'> & { variant?: 'primary' | 'plain' | 'quiet' | 'danger' }

/** A button with words. Primary is ink on paper: chrome has no hue of its own. */
export const Button = ({ variant = 'plain', className = '', type = 'button', ...rest }: ButtonProps) => (
  <button type={type} className={`${styles.button} ${styles[variant]} ${className}`} {...rest} />
)
