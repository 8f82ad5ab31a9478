import { nameOf, parentOf, type Id } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { PeerMark } from '../ui/peer-mark.tsx'
import styles from './editor.module.css'
import type { Tabs } from './tabs.ts'

type TabBarProps = {
  tabs: Tabs
  byId: ReadonlyMap<Id, FileEntry>
  onSelect: (id: Id, keep: boolean) => void
  onClose: (id: Id) => void
}

/** One tab a file; a look is in italics. Middle click and Delete close. */
export function TabBar({ tabs, byId, onSelect, onClose }: TabBarProps) {
  const { peers } = useView(useSession().peers)
  const bar = useRef<HTMLDivElement>(null)
  useEffect(() => {
    bar.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [tabs.current])
  const names = tabs.open.map(({ id }) => nameOf(byId.get(id)?.path ?? ''))
  const select = (id: Id | undefined) => {
    if (id === undefined) return
    onSelect(id, false)
    bar.current?.querySelector<HTMLElement>(`[data-file="${id}"]`)?.focus()
  }
  return (
    <div className={styles.tabs} role="tablist" aria-label="Open files" ref={bar}>
      {tabs.open.map(({ id, keep }, i) => {
        const entry = byId.get(id)
        const isCurrent = id === tabs.current
        const isDouble = names.filter((n) => n === names[i]).length > 1
        return (
          <div key={id} className={styles.tabCell} data-current={isCurrent || undefined}>
            <button
              type="button"
              role="tab"
              data-file={id}
              className={styles.tab}
              data-look={!keep || undefined}
              data-deleted={entry?.deleted !== undefined || undefined}
              aria-selected={isCurrent}
              tabIndex={isCurrent ? 0 : -1}
              title={entry?.path}
              onClick={() => onSelect(id, false)}
              onDoubleClick={() => onSelect(id, true)}
              onAuxClick={(e) => e.button === 1 && onClose(id)}
              onKeyDown={(e) => {
                if (e.key === 'ArrowRight') select(tabs.open[(i + 1) % tabs.open.length]?.id)
                if (e.key === 'ArrowLeft') select(tabs.open[(i - 1 + tabs.open.length) % tabs.open.length]?.id)
                if (e.key === 'Delete') onClose(id)
              }}
            >
              {names[i] || 'gone'}
              {isDouble && <span className={styles.tabFolder}>{parentOf(entry?.path ?? '') || '/'}</span>}
              {peers
                .filter((p) => p.file === id)
                .slice(0, 3)
                .map((p) => (
                  <PeerMark key={p.clientId} peer={p} title={p.user.name} />
                ))}
            </button>
            <button
              type="button"
              className={styles.tabClose}
              // For the pointer; the Delete key closes a tab too, and a tab list may hold nothing but tabs.
              aria-hidden
              tabIndex={-1}
              title={`Close ${names[i] ?? 'tab'}`}
              onClick={() => onClose(id)}
            >
              <X size={13} aria-hidden />
            </button>
          </div>
        )
      })}
    </div>
  )
}
