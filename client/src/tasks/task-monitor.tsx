import { useMemo, useState } from 'react'
import { useDaemon } from '../session/use-daemon.ts'
import { Empty, Skeleton } from '../ui/states.tsx'
import { asStrings, useRemembered } from '../ui/remembered.ts'
import { ApprovalCard, usePendingApprovals } from './approval-card.tsx'
import { RunBox } from './run-box.tsx'
import { SandboxNote, whereCommandsRun } from './sandbox-note.tsx'
import { TaskCard } from './task-card.tsx'
import { TaskDetail } from './task-detail.tsx'
import styles from './tasks.module.css'
import { useWorkspaceTasks } from './use-workspace-tasks.ts'

/** How many are rendered before one asks for more; thirty days of them may be there. */
const pageSize = 60

/** The workspace's tasks: a line to run one, the list, and the chosen one with its output. */
export function TaskMonitor({ workspaceId }: { workspaceId: string }) {
  const { tasks, isLoading } = useWorkspaceTasks()
  const approvals = usePendingApprovals()
  const sandbox = useDaemon()?.sandbox
  const [selected, setSelected] = useState<string>()
  const [limit, setLimit] = useState(pageSize)
  const [unfolded, setUnfolded] = useRemembered<string[]>(`tandem.tasks.${workspaceId}`, [], asStrings)
  const expanded = useMemo(() => new Set(unfolded), [unfolded])
  const item = tasks.find((t) => t.id === selected) ?? tasks[0]
  const toggle = (id: string) =>
    setUnfolded(expanded.has(id) ? unfolded.filter((e) => e !== id) : [...unfolded, id].slice(-200))

  return (
    <section className={styles.monitor} data-alone={!item || undefined} aria-label="Tasks">
      <div className={styles.left}>
        <RunBox onAsked={setSelected} />
        <SandboxNote sandbox={sandbox} />
        <div className={styles.list}>
          {approvals.map((approval) => (
            <ApprovalCard key={approval.id} approval={approval} />
          ))}
          {isLoading ? (
            <Skeleton label="Loading tasks" widths={[70, 55, 62]} />
          ) : tasks.length === 0 ? (
            <Empty>Nothing has been run yet. {whereCommandsRun(sandbox)}</Empty>
          ) : (
            <ul>
              {tasks.slice(0, limit).map((t) => (
                <TaskCard
                  key={t.id}
                  item={t}
                  isSelected={t.id === item?.id}
                  isExpanded={expanded.has(t.id)}
                  onSelect={() => setSelected(t.id)}
                  onToggle={() => toggle(t.id)}
                />
              ))}
            </ul>
          )}
          {tasks.length > limit && (
            <button type="button" className={styles.more} onClick={() => setLimit(limit + pageSize)}>
              Show {Math.min(pageSize, tasks.length - limit)} older
            </button>
          )}
        </div>
      </div>
      {item && <TaskDetail item={item} />}
    </section>
  )
}
