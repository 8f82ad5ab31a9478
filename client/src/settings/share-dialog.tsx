import { Dialog } from '@base-ui/react/dialog'
import { Tabs } from '@base-ui/react/tabs'
import { atLeast } from '@tandem/shared'
import { X } from 'lucide-react'
import { useMemo } from 'react'
import { openPeople } from '../session/people.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import popup from '../ui/popup.module.css'
import { InviteSection } from './invite-section.tsx'
import { KeySection } from './key-section.tsx'
import { PairSection } from './pair-section.tsx'
import { PeopleSection } from './people-section.tsx'
import { SessionSection } from './session-section.tsx'
import styles from './settings.module.css'

export type ShareTab = 'people' | 'invite' | 'machines' | 'keys' | 'browsers'
type ShareDialogProps = { tab: ShareTab; onTab: (tab: ShareTab) => void; code: string; onClose: () => void }

/** Who takes part in this workspace, and by which ways: people, invites, machines, keys, signed-in browsers. */
export default function ShareDialog({ tab, onTab, code, onClose }: ShareDialogProps) {
  const session = useSession()
  const { claims, workspace } = useView(session.identity)
  const link = useView(session.link)
  const people = useMemo(() => openPeople(session.place.workspaceId), [session])
  const isOwner = atLeast(claims.role, 'owner')
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={popup.backdrop} />
        <Dialog.Popup className={styles.dialog}>
          <div className={styles.head}>
            <Dialog.Title>Share {workspace.name}</Dialog.Title>
            <Dialog.Close className={styles.close} aria-label="Close">
              <X size={16} aria-hidden />
            </Dialog.Close>
          </div>
          <Tabs.Root value={tab} onValueChange={(next) => onTab(next as ShareTab)} className={styles.tabs}>
            <Tabs.List className={styles.tabList} aria-label="Ways to take part">
              {tabs.map(({ id, label }) => (
                <Tabs.Tab key={id} value={id} className={styles.tab}>
                  {label}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            {link.phase !== 'connected' && (
              <p className={styles.offline} role="status">
                You are offline: who takes part can be seen and changed when the connection is back.
              </p>
            )}
            <Tabs.Panel value="people" className={styles.panel}>
              <PeopleSection people={people} me={claims.principal} mayChange={isOwner} />
            </Tabs.Panel>
            <Tabs.Panel value="invite" className={styles.panel}>
              <InviteSection people={people} mayInvite={isOwner} />
            </Tabs.Panel>
            <Tabs.Panel value="machines" className={styles.panel}>
              <PairSection given={code} mayPair={atLeast(claims.role, 'runner')} />
            </Tabs.Panel>
            <Tabs.Panel value="keys" className={styles.panel}>
              <KeySection people={people} role={claims.role} />
            </Tabs.Panel>
            <Tabs.Panel value="browsers" className={styles.panel}>
              <SessionSection people={people} />
            </Tabs.Panel>
          </Tabs.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

const tabs: readonly { id: ShareTab; label: string }[] = [
  { id: 'people', label: 'People' },
  { id: 'invite', label: 'Invite' },
  { id: 'machines', label: 'Machines' },
  { id: 'keys', label: 'API keys' },
  { id: 'browsers', label: 'Browsers' },
]
