import { AlertDialog } from '@base-ui/react/alert-dialog'
import type { ReactNode } from 'react'
import styles from './popup.module.css'

type DialogProps = { title: string; open: boolean; onClose: () => void; actions: ReactNode; children: ReactNode }

/** A question that must be answered before anything else; focus goes in, stays in, and returns. */
export const Dialog = ({ title, open, onClose, actions, children }: DialogProps) => (
  <AlertDialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
    <AlertDialog.Portal>
      <AlertDialog.Backdrop className={styles.backdrop} />
      <AlertDialog.Popup className={`${styles.popup} ${styles.dialog}`}>
        <AlertDialog.Title>{title}</AlertDialog.Title>
        <AlertDialog.Description render={<div />}>{children}</AlertDialog.Description>
        <div className={styles.actions}>{actions}</div>
      </AlertDialog.Popup>
    </AlertDialog.Portal>
  </AlertDialog.Root>
)
