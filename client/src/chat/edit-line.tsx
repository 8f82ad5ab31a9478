type EditLineProps = {
  label: string
  draft: string
  onDraft: (draft: string) => void
  /** By Enter, or when the focus goes elsewhere. */
  onSave: () => void
  /** By Escape, which does nothing else then. */
  onLeave: () => void
} & Pick<React.ComponentProps<'input'>, 'className' | 'maxLength'>

/** One line in the place of what it changes; it has the focus at once. */
export const EditLine = ({ label, draft, onDraft, onSave, onLeave, ...props }: EditLineProps) => (
  <input
    {...props}
    aria-label={label}
    value={draft}
    autoFocus
    onChange={(e) => onDraft(e.currentTarget.value)}
    onBlur={onSave}
    onKeyDown={(e) => {
      if (e.key === 'Enter') onSave()
      if (e.key !== 'Escape') return
      e.stopPropagation()
      onLeave()
    }}
  />
)
