import type { Id } from '@tandem/shared'
import { Activity, lazy, Suspense, useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import { Group, Panel, Separator, useDefaultLayout, usePanelRef } from 'react-resizable-panels'
import { EditorArea } from './editor/editor-area.tsx'
import { closeTab, keepTab, noTabs, openTab, parseTabs } from './editor/tabs.ts'
import { FileBrowser } from './files/file-browser.tsx'
import { DockBar, dockPanelId, dockTabId, parseDockTab, type DockTab } from './dock-bar.tsx'
import { NarrowBar, type Region } from './narrow-bar.tsx'
import { Notices } from './notices.tsx'
import { useSession } from './session/session-context.ts'
import { useView } from './session/use-view.ts'
import { StatusBar } from './status-bar.tsx'
import { ApprovalNews } from './tasks/approval-news.tsx'
import { placeOf } from './tasks/task-link.ts'
import { TaskMonitor } from './tasks/task-monitor.tsx'
import { useTaskLink } from './tasks/use-task-link.ts'
import { TopBar } from './top-bar.tsx'
import { ErrorBoundary } from './ui/error-boundary.tsx'
import { deviceStorage, useRemembered } from './ui/remembered.ts'
import { Skeleton } from './ui/states.tsx'
import { Toasts } from './ui/toasts.tsx'
import { useRegionKeys } from './use-region-keys.ts'
import styles from './workbench.module.css'

// Neither is needed before somebody asks for the past.
const HistoryPanel = lazy(() => import('./history/history-panel.tsx'))
const DiffView = lazy(() => import('./editor/diff-view.tsx'))

/** Height of the dock when folded away: its bar only. */
const dockBarHeight = 32

/** The workspace on the screen: files, text, tasks, and around them who is here and how things stand. */
export default function Workbench() {
  const session = useSession()
  const { workspaceId } = session.place
  const [tabs, setTabs] = useRemembered(`tandem.tabs.${workspaceId}`, noTabs, parseTabs)
  const [region, setRegion] = useState<Region>(() => (placeOf(location.hash) ? 'tasks' : 'editor'))
  useTaskLink(() => setRegion('tasks'))
  const isNarrow = useNarrow()
  useRegionKeys()
  // Who opens a file to stay wants to write in it; a look leaves the focus where it is.
  const [focusCall, setFocusCall] = useState(0)
  const open = (id: Id, keep: boolean) => {
    setTabs(openTab(tabs, id, keep))
    setRegion('editor')
    if (keep) setFocusCall((n) => n + 1)
  }
  const keep = useCallback(
    (id: Id) => {
      const next = keepTab(tabs, id)
      if (next !== tabs) setTabs(next)
    },
    [tabs, setTabs],
  )

  const report = (error: unknown) => session.log.error('a region failed', { error })
  const files = (
    <ErrorBoundary what="The files" onError={report}>
      <FileBrowser workspaceId={workspaceId} current={tabs.current} onOpen={open} />
    </ErrorBoundary>
  )
  const { byId } = useView(session.files)
  const title = tabs.current === undefined ? undefined : byId.get(tabs.current)?.path
  const editor = (
    <ErrorBoundary what="The editor" onError={report}>
      <EditorArea
        tabs={tabs}
        focusCall={focusCall}
        onSelect={open}
        onKeep={keep}
        onClose={(id) => setTabs(closeTab(tabs, id))}
      />
    </ErrorBoundary>
  )
  const tasks = (
    <ErrorBoundary what="The tasks" onError={report}>
      <TaskMonitor workspaceId={workspaceId} />
    </ErrorBoundary>
  )
  const history = (
    <ErrorBoundary what="The history" onError={report}>
      <Suspense fallback={<Skeleton label="Loading the history" widths={[72, 58, 66, 49]} />}>
        <HistoryPanel file={tabs.current} Diff={DiffView} />
      </Suspense>
    </ErrorBoundary>
  )
  const regions = { files, editor, tasks, history }
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to the content
      </a>
      <TopBar onGoTo={(id) => open(id, true)} />
      <Notices />
      <main id="main" className={styles.body} tabIndex={-1}>
        <h1 className="visually-hidden">{title ?? 'No file open'}</h1>
        {isNarrow ? regions[region] : <Panes {...regions} />}
      </main>
      {isNarrow ? <NarrowBar region={region} onRegion={setRegion} /> : <StatusBar />}
      <ApprovalNews />
      <Toasts />
    </div>
  )
}

type Regions = Record<Region, React.ReactNode>

function Panes({ files, editor, tasks, history }: Regions) {
  const outer = useDefaultLayout({ id: 'tandem.columns', storage: deviceStorage })
  const inner = useDefaultLayout({ id: 'tandem.rows', storage: deviceStorage })
  const dock = usePanelRef()
  const [isFolded, setFolded] = useState(false)
  const [tab, setTab] = useRemembered<DockTab>('tandem.dock', 'tasks', parseDockTab)
  // An address that names a task shows it.
  const showTasks = () => {
    setTab('tasks')
    dock.current?.expand()
  }
  useTaskLink(showTasks)
  useEffect(() => {
    if (placeOf(location.hash)) showTasks()
    // oxlint-disable-next-line react/exhaustive-deps -- with the address that the page was opened at
  }, [])
  return (
    <Group orientation="horizontal" {...layoutOf(outer)}>
      <Panel id="files" defaultSize={250} minSize={160} maxSize={420} groupResizeBehavior="preserve-pixel-size">
        <div className={styles.region} data-region>
          {files}
        </div>
      </Panel>
      <Separator className={styles.separator} aria-label="Width of the files" />
      <Panel id="centre" minSize={320}>
        <Group orientation="vertical" {...layoutOf(inner)}>
          <Panel id="editor-pane" minSize={120}>
            <div className={styles.region} data-region>
              {editor}
            </div>
          </Panel>
          <Separator className={styles.separator} aria-label="Height of the dock" />
          <Panel
            id="dock"
            panelRef={dock}
            defaultSize="45%"
            minSize={140}
            collapsible
            collapsedSize={dockBarHeight}
            groupResizeBehavior="preserve-pixel-size"
            onResize={({ inPixels }) => setFolded(inPixels <= dockBarHeight + 1)}
          >
            <section className={styles.dock} data-region aria-label="Dock">
              <DockBar
                tab={tab}
                onTab={setTab}
                isFolded={isFolded}
                onFold={() => (isFolded ? dock.current?.expand() : dock.current?.collapse())}
              />
              {!isFolded && (
                <>
                  <DockPanel name="tasks" tab={tab}>
                    {tasks}
                  </DockPanel>
                  <DockPanel name="history" tab={tab}>
                    {history}
                  </DockPanel>
                </>
              )}
            </section>
          </Panel>
        </Group>
      </Panel>
    </Group>
  )
}

type DockPanelProps = { name: DockTab; tab: DockTab; children: React.ReactNode }

/** One tab's content. Behind the other it keeps what was chosen and typed in it, and does nothing. */
function DockPanel({ name, tab, children }: DockPanelProps) {
  const isShown = name === tab
  const [wasShown, setWasShown] = useState(isShown)
  if (isShown && !wasShown) setWasShown(true)
  return (
    <div
      className={styles.dockBody}
      role="tabpanel"
      id={dockPanelId(name)}
      aria-labelledby={dockTabId(name)}
      hidden={!isShown}
    >
      {wasShown && <Activity mode={isShown ? 'visible' : 'hidden'}>{children}</Activity>}
    </div>
  )
}

const layoutOf = ({ defaultLayout, onLayoutChanged }: ReturnType<typeof useDefaultLayout>) => ({
  defaultLayout,
  onLayoutChanged,
})

const narrow = matchMedia('(max-width: 759px)')
const useNarrow = () =>
  useSyncExternalStore(
    (wake) => {
      narrow.addEventListener('change', wake)
      return () => narrow.removeEventListener('change', wake)
    },
    () => narrow.matches,
  )
