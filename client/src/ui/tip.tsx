import { Tooltip } from '@base-ui/react/tooltip'
import type { ReactElement } from 'react'
import styles from './popup.module.css'

type TipProps = { text: string; shortcut?: string | undefined; children: ReactElement<Record<string, unknown>> }

/** Words that appear over a control after a moment's rest. Never the only way to learn something. */
export const Tip = ({ text, shortcut, children }: TipProps) => (
  <Tooltip.Root>
    <Tooltip.Trigger render={children} delay={500} />
    <Tooltip.Portal>
      <Tooltip.Positioner sideOffset={6} className={styles.positioner}>
        <Tooltip.Popup className={styles.tip}>
          {text}
          {shortcut !== undefined && <kbd>{shortcut}</kbd>}
        </Tooltip.Popup>
      </Tooltip.Positioner>
    </Tooltip.Portal>
  </Tooltip.Root>
)
