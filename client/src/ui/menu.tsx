import { ContextMenu } from '@base-ui/react/context-menu'
import type { ReactNode } from 'react'
import styles from './popup.module.css'

export type MenuItem = { label: string; shortcut?: string; disabled?: boolean; run: () => void } | 'line'

/** A menu where the pointer is, or at the focused row with the menu key. */
export const PointerMenu = ({ items, children }: { items: readonly MenuItem[]; children: ReactNode }) => (
  <ContextMenu.Root>
    <ContextMenu.Trigger render={<div style={{ display: 'contents' }} />}>{children}</ContextMenu.Trigger>
    <ContextMenu.Portal>
      <ContextMenu.Positioner className={styles.positioner}>
        <ContextMenu.Popup className={`${styles.popup} ${styles.menu}`}>
          {items.map((item, i) =>
            item === 'line' ? (
              <ContextMenu.Separator key={i} className={styles.separator} />
            ) : (
              <ContextMenu.Item
                key={item.label}
                className={styles.item}
                disabled={item.disabled ?? false}
                onClick={item.run}
              >
                {item.label}
                {item.shortcut !== undefined && <kbd>{item.shortcut}</kbd>}
              </ContextMenu.Item>
            ),
          )}
        </ContextMenu.Popup>
      </ContextMenu.Positioner>
    </ContextMenu.Portal>
  </ContextMenu.Root>
)
