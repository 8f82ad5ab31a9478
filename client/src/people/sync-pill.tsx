import { CircleCheck, CloudOff, HardDrive, LogOut, RefreshCw } from 'lucide-react'
import type { ComponentProps } from 'react'
import { pillText } from '../session/sync-status.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Announce } from '../ui/announce.tsx'
import { Popover } from '../ui/popover.tsx'
import { LinkDetails } from './link-details.tsx'
import styles from './people.module.css'

const icons = {
  connecting: RefreshCw,
  synced: CircleCheck,
  saving: RefreshCw,
  offline: CloudOff,
  'signed-out': LogOut,
  'cannot-save': HardDrive,
} as const

/** Where my own work is: on the server's disk, on its way, or here. Opens the three links it travels. */
export const SyncPill = () => (
  <>
    <Popover trigger={<Pill />}>
      <LinkDetails />
    </Popover>
    <Announcement />
  </>
)

function Pill(props: ComponentProps<'button'>) {
  const status = useView(useSession().status)
  const Icon = icons[status.pill]
  return (
    <button type="button" {...props} className={styles.pill} data-pill={status.pill} data-testid="sync">
      <Icon size={14} aria-hidden />
      {/* It changes with every key: what is worth hearing is announced below. */}
      <span role="status" aria-live="off">
        {pillText(status)}
      </span>
    </button>
  )
}

function Announcement() {
  const status = useView(useSession().status)
  return (
    <Announce
      text={status.pill === 'saving' || status.pill === 'connecting' ? '' : pillText(status).replace(/,.*/, '')}
    />
  )
}
