import { messageOf } from '@tandem/shared'
import { useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import styles from './history.module.css'

type NameDialogProps = {
  /** Undefined: as things stand. */
  version: number | undefined
  onClose: () => void
}

/** Gives a version a name, so that it is found again and kept whatever else is thinned out. */
export function NameDialog({ onClose, ...asked }: NameDialogProps) {
  // As when it opened: a step that grows meanwhile gets another version.
  const [version] = useState(asked.version)
  const { history } = useSession()
  const [name, setName] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<string>()
  const isEmpty = name.trim() === ''
  const save = async () => {
    if (isEmpty || isBusy) return
    setBusy(true)
    try {
      await history.nameVersion({ name: name.trim(), ...(version !== undefined && { version }) })
      onClose()
    } catch (e) {
      setTrouble(`It was not named: ${messageOf(e)}.`)
      setBusy(false)
    }
  }
  return (
    <Dialog
      open
      title={version === undefined ? 'Name things as they stand' : `Name version ${version.toLocaleString('en')}`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" disabled={isEmpty || isBusy} onClick={() => void save()}>
            {isBusy ? 'Saving…' : 'Save'}
          </Button>
        </>
      }
    >
      <p>A named version stands in the history as a mark, and is kept however old it gets.</p>
      <input
        className={styles.nameField}
        aria-label="Name of the version"
        placeholder="Such as Before the demo"
        value={name}
        maxLength={120}
        autoFocus
        onChange={(e) => setName(e.currentTarget.value)}
        onKeyDown={(e) => e.key === 'Enter' && void save()}
      />
      {trouble !== undefined && (
        <p className={styles.trouble} role="alert">
          {trouble}
        </p>
      )}
    </Dialog>
  )
}
