import { Toast } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import button from './button.module.css'
import styles from './popup.module.css'
import { toasts } from './toast.ts'

const Stack = () =>
  Toast.useToastManager().toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={`${styles.popup} ${styles.toast}`}>
      <Toast.Description render={<span />} />
      <Toast.Action className={styles.toastAction} />
      <Toast.Close className={button.icon} aria-label="Dismiss">
        <X size={14} aria-hidden />
      </Toast.Close>
    </Toast.Root>
  ))

/** Where short notices appear; announced politely, reachable with F6. */
export const Toasts = () => (
  <Toast.Provider toastManager={toasts} timeout={6_000} limit={3}>
    <Toast.Portal>
      <Toast.Viewport className={styles.viewport}>
        <Stack />
      </Toast.Viewport>
    </Toast.Portal>
  </Toast.Provider>
)
