import type { ReactNode } from 'react'

/** Text that may be longer than its place: it can be reached with the keyboard, to be scrolled. */
export const ScrollText = ({
  label,
  className,
  children,
}: {
  label: string
  className?: string | undefined
  children: ReactNode
}) => (
  // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached
  <pre tabIndex={0} role="region" aria-label={label} className={className}>
    {children}
  </pre>
)
