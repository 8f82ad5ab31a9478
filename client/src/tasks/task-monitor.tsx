import { commandLine, visibleText, type TaskPayload } from '@tandem/shared'
import { ChevronRight } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useDaemon } from '../session/use-daemon.ts'
import { useView } from '../session/use-view.ts'
import { Announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Empty, Failed, Skeleton } from '../ui/states.tsx'
import { asFlag, asStrings, useRemembered } from '../ui/remembered.ts'
import { ApprovalCard, usePendingApprovals } from './approval-card.tsx'
import { FilterBar } from './filter-bar.tsx'
import { filterItems, noFilter, type Facet } from './filters.ts'
import { GrantsLine } from './grants-line.tsx'
import { refusedTask, wantsTask } from './items.ts'
import { workersOf } from './queue.ts'
import { RefusalNotes } from './refusals.tsx'
import { RunBox, type Draft } from './run-box.tsx'
import { SandboxNotes, whereCommandsRun } from './sandbox-note.tsx'
import { TaskDetail } from './task-detail.tsx'
import { placeOf } from './task-link.ts'
import { TaskList } from './task-list.tsx'
import styles from './tasks.module.css'
import { useTaskLink } from './use-task-link.ts'
import { useEndedWords, useWorkspaceTasks } from './use-workspace-tasks.ts'

/** The workspace's tasks: a line to run one, the list, and the chosen one with its output. */
export function TaskMonitor({ workspaceId }: { workspaceId: string }) {
  const session = useSession()
  const { tasks, isLoading, refused } = useWorkspaceTasks()
  const known = useView(session.tasks)
  const daemons = useView(session.ops.daemons)
  const { claims } = useView(session.identity)
  const isOffline = useView(session.link).phase === 'offline'
  const approvals = usePendingApprovals()
  const refusals = useView(session.requests.refusals)
  const sandbox = useDaemon()?.sandbox
  const [place, setPlace] = useState(() => placeOf(location.hash))
  const [selected, setSelected] = useState<string | undefined>(place?.task)
  const [isOpen, setOpen] = useState(place !== undefined)
  const [draft, setDraft] = useState<Draft>()
  const [filter, setFilter] = useState(noFilter)
  const [showsFilters, setShowsFilters] = useRemembered('tandem.tasks.filters', false, asFlag)
  const [unfolded, setUnfolded] = useRemembered<string[]>(`tandem.tasks.${workspaceId}`, [], asStrings)
  const expanded = useMemo(() => new Set(unfolded), [unfolded])
  const monitor = useRef<HTMLElement>(null)
  const me = claims.principal
  const filtered = useMemo(() => filterItems(tasks, filter, me), [tasks, filter, me])
  const workers = useMemo(() => workersOf(daemons), [daemons])
  const { items } = filtered
  const item = tasks.find((t) => t.id === selected) ?? items[0]

  // That of the chosen task stands beside it. Of the others the oldest alone: the list keeps its place.
  const others = approvals.filter(({ subject }) => subject.task !== item?.task?.id)
  const oldest = others[0]
  const isAsked = others.length < approvals.length

  useTaskLink((asked) => {
    setPlace(asked)
    setSelected(asked.task)
    setOpen(true)
  })

  const within = (what: string) => monitor.current?.querySelector<HTMLElement>(what)
  /** What an address named is no longer what is shown: it must not lead back there. */
  const leavePlace = () => {
    setPlace(undefined)
    if (placeOf(location.hash)) history.replaceState(history.state, '', location.pathname + location.search)
  }
  const choose = (id: string, isMeant = true) => {
    setSelected(id)
    if (id !== place?.task) leavePlace()
    if (isMeant) setOpen(true)
  }
  const toggle = (id: string, isExpanded = !expanded.has(id)) =>
    setUnfolded([...unfolded.filter((e) => e !== id), ...(isExpanded ? [id] : [])].slice(-200))
  const duplicate = (payload: TaskPayload, timeoutMs: number | undefined) => {
    if (payload.kind !== 'command') return
    const { command: _, args: __, shell: ___, kind: ____, ...also } = payload
    setDraft({ line: commandLine(payload), with: { ...also, timeoutMs } })
    setOpen(false)
  }
  const toList = () => {
    setOpen(false)
    requestAnimationFrame(() => within('[data-card][aria-current=true]')?.focus())
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    const target = event.target as HTMLElement
    if (event.key === 'Escape' && target.closest('[data-detail]')) toList()
    else if (event.key === 'Enter' && target.matches('[data-card]')) {
      setOpen(true)
      requestAnimationFrame(() => (within('[data-detail] [role=log]') ?? within('[data-detail] button'))?.focus())
    } else if (event.key === '/' && target.closest('[data-list]')) {
      setShowsFilters(true)
      requestAnimationFrame(() => within('[data-filters] input')?.focus())
    } else return
    event.preventDefault()
  }
  const nameOf = (facet: Facet, value: string): string => {
    if (facet === 'daemon') return visibleText(daemons.get(value)?.name ?? 'a daemon that is gone')
    if (facet !== 'author') return value
    return value === me
      ? 'You'
      : visibleText([...known.values()].find((t) => t.createdBy === value)?.createdByName ?? 'somebody')
  }
  return (
    <section
      ref={monitor}
      className={styles.monitor}
      data-monitor
      data-alone={!item || undefined}
      data-open={(isOpen && item !== undefined) || undefined}
      aria-label="Tasks"
      onKeyDown={onKeyDown}
    >
      <div className={styles.left}>
        <RunBox draft={draft} onAsked={choose} />
        <SandboxNotes />
        <GrantsLine />
        {isOffline && tasks.length > 0 && (
          <p className={styles.offline} role="status">
            Offline: these are the tasks as they were last known. What you ask for is sent when the connection is back.
          </p>
        )}
        {tasks.length > 0 && (
          <div data-filters>
            <FilterBar
              filter={filter}
              onFilter={setFilter}
              filtered={filtered}
              nameOf={nameOf}
              isOpen={showsFilters}
              onOpen={setShowsFilters}
            />
          </div>
        )}
        <div className={styles.asks}>
          <RefusalNotes
            refusals={[...refusals.values()].filter(
              // That of the chosen task stands beside it.
              (r) => !wantsTask(r) && (refusedTask(r) === undefined || refusedTask(r) !== item?.task?.id),
            )}
          />
          {oldest && <ApprovalCard key={oldest.id} approval={oldest} />}
        </div>
        {isAsked && item && (
          <button type="button" className={styles.ownAsk} onClick={() => choose(item.id)}>
            The chosen command needs your approval <ChevronRight size={13} aria-hidden />
          </button>
        )}
        {oldest && (
          <button
            type="button"
            className={styles.moreAsks}
            data-one={others.length === 1 || undefined}
            onClick={() => choose(oldest.subject.task)}
          >
            {others.length === 1 ? 'Another command needs' : `${others.length} other commands need`} your approval
            <ChevronRight size={13} aria-hidden />
          </button>
        )}
        {refused !== undefined ? (
          <Failed
            what="The tasks did not come."
            safe={`The server said: ${refused}. It is asked again by itself; nothing is lost.`}
          />
        ) : isLoading ? (
          <Skeleton label="Loading tasks" widths={[70, 55, 62]} />
        ) : tasks.length === 0 ? (
          <Empty>Nothing has been run yet. {whereCommandsRun(sandbox)}</Empty>
        ) : items.length === 0 ? (
          <Empty action={<Button onClick={() => setFilter(noFilter)}>Show all</Button>}>No task is like that.</Empty>
        ) : (
          <TaskList
            items={items}
            workers={workers}
            selected={item?.id}
            expanded={expanded}
            onSelect={choose}
            onToggle={toggle}
          />
        )}
      </div>
      {item && (
        <div className={styles.right} data-detail>
          <TaskDetail
            key={`${item.id} ${place?.task === item.id ? (place.at ?? '') : ''}`}
            item={item}
            place={place?.task === item.id ? place : undefined}
            onBack={toList}
            onRerun={choose}
            onDuplicate={duplicate}
          />
        </div>
      )}
      <Announce text={useEndedWords(known, me)} />
    </section>
  )
}
