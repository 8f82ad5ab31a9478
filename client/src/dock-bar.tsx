import { isTerminal } from '@tandem/shared'
import { ChevronDown, ChevronUp } from 'lucide-react'
import { useRef } from 'react'
import { useSession } from './session/session-context.ts'
import { useView } from './session/use-view.ts'
import { usePendingApprovals } from './tasks/approval-card.tsx'
import { wantsTask } from './tasks/items.ts'
import { IconButton } from './ui/icon-button.tsx'
import styles from './workbench.module.css'

const tabs = ['tasks', 'history'] as const
export type DockTab = (typeof tabs)[number]

/** As the device remembers it. */
export const parseDockTab = (raw: unknown): DockTab | undefined => tabs.find((tab) => tab === raw)

export const dockTabId = (tab: DockTab) => `dock-tab-${tab}`
export const dockPanelId = (tab: DockTab) => `dock-${tab}`

type DockBarProps = { tab: DockTab; onTab: (tab: DockTab) => void; isFolded: boolean; onFold: () => void }

/** The head of the dock: its tabs, with what runs and what waits, also while it is folded. */
export function DockBar({ tab, onTab, isFolded, onFold }: DockBarProps) {
  const bar = useRef<HTMLDivElement>(null)
  const choose = (next: DockTab) => {
    onTab(next)
    if (isFolded) onFold()
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    const at = tabs.indexOf(tab)
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key]
    const next = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length]
    if (next === undefined) return
    choose(next)
    bar.current?.querySelector<HTMLElement>(`#${dockTabId(next)}`)?.focus()
    event.preventDefault()
  }
  const words = { tasks: 'Tasks', history: 'History' }
  return (
    <div className={styles.dockBar}>
      <div className={styles.dockTabs} role="tablist" aria-label="Dock" ref={bar}>
        {tabs.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={dockTabId(name)}
            aria-selected={name === tab}
            aria-controls={isFolded ? undefined : dockPanelId(name)}
            tabIndex={name === tab ? 0 : -1}
            onClick={() => choose(name)}
            onKeyDown={onKeyDown}
          >
            {words[name]}
            {name === 'tasks' && <TaskCounts />}
          </button>
        ))}
      </div>
      <span className={styles.grow} />
      <IconButton label={isFolded ? 'Show the dock' : 'Hide the dock'} aria-expanded={!isFolded} onClick={onFold}>
        {isFolded ? <ChevronUp size={15} aria-hidden /> : <ChevronDown size={15} aria-hidden />}
      </IconButton>
    </div>
  )
}

function TaskCounts() {
  const session = useSession()
  const tasks = useView(session.tasks)
  // With what was asked for here and is no task yet.
  const asked = [...useView(session.requests)].filter(([id, { body }]) => wantsTask(body) && !tasks.has(id)).length
  const approvals = usePendingApprovals().length
  const running = [...tasks.values()].filter((t) => !isTerminal(t.state)).length + asked
  return (
    <>
      {running > 0 && <span className={styles.count}>{running} not finished</span>}
      {approvals > 0 && (
        <span className={styles.attention}>
          {approvals === 1 ? '1 needs your approval' : `${approvals} need your approval`}
        </span>
      )}
    </>
  )
}
