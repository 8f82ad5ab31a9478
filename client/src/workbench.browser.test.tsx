import './ui/base.css'
import './ui/tokens.css'
import './ui/fonts.css'
import './ui/peers.css'
import { createId } from '@tandem/shared'
import { openDaemon, openOps, openTasks } from '@tandem/shared/docs'
import axe from 'axe-core'
import { createRoot } from 'react-dom/client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import * as Y from 'yjs'
import type { Session } from './session/session.ts'
import { SessionContext } from './session/session-context.ts'
import { sessionForTest } from './session/test-session.ts'
import { placeHash } from './tasks/task-link.ts'
import { approvalForTest } from './tasks/test-approval.ts'
import { taskForTest } from './tasks/test-task.ts'
import Workbench from './workbench.tsx'

// The whole workbench, with no server in reach: everything here must work on what this device has.
let session: Session
let end: () => void

beforeEach(async () => {
  await page.viewport(1280, 800)
  localStorage.clear()
  document.head.prepend(
    Object.assign(document.createElement('style'), { textContent: '@layer tokens, base, components;' }),
  )
  document.title = 'Tandem'
  const ending = new AbortController()
  session = sessionForTest({ signal: ending.signal, name: 'Mira Okafor', workspace: 'checkout-service' })
  session.files.transact(() => {
    for (const path of ['README.md', 'src/a10.ts', 'src/a2.ts', 'src/deep/b.ts']) {
      session.files.create(path, 'text', { size: 1, exec: false, eol: 'lf', bom: false })
    }
  }, 'test')
  const host = document.body.appendChild(Object.assign(document.createElement('div'), { style: 'height: 800px' }))
  const root = createRoot(host)
  root.render(
    <SessionContext value={session}>
      <Workbench />
    </SessionContext>,
  )
  end = () => {
    root.unmount()
    host.remove()
    ending.abort()
    history.replaceState(null, '', location.pathname + location.search)
  }
})
afterEach(() => end())

const row = (name: string) => page.getByRole('treeitem', { name, exact: true })
const paths = () => [...session.files.snapshot().byPath.keys()].toSorted()

test('[S189] the tree is used with the keyboard alone', async () => {
  await expect.element(row('README.md')).toBeVisible()
  page.getByRole('tree').element().focus()
  await userEvent.keyboard('{Home}{ArrowRight}{ArrowDown}{ArrowDown}')
  await expect.element(row('a2.ts')).toHaveAttribute('data-focused')
  await userEvent.keyboard('{F2}')
  await userEvent.keyboard('first{Enter}')
  await expect.poll(paths).toEqual(['README.md', 'src/a10.ts', 'src/deep/b.ts', 'src/first.ts'])
  await expect.element(row('first.ts')).toHaveAttribute('data-focused')
  await userEvent.keyboard('{Delete}')
  await expect.poll(paths).toEqual(['README.md', 'src/a10.ts', 'src/deep/b.ts'])
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(paths).toEqual(['README.md', 'src/a10.ts', 'src/deep/b.ts', 'src/first.ts'])
})

test('[UI-44] a key never acts on a row nobody pointed at', async () => {
  await expect.element(row('README.md')).toBeVisible()
  page.getByRole('tree').element().focus()
  await userEvent.keyboard('{Delete}')
  expect(paths()).toHaveLength(4)
})

test('[S97] a file made offline is written in at once, and what is kept here is counted', async () => {
  await page.getByRole('button', { name: 'New file' }).click()
  await userEvent.keyboard('notes/today.md{Enter}')
  await expect.element(page.getByRole('heading', { level: 1, name: 'notes/today.md' })).toBeInTheDocument()
  await expect.poll(() => document.querySelector('.view-lines') !== null, { timeout: 60_000 }).toBe(true)
  await expect.poll(() => document.activeElement?.closest('.monaco-editor') !== null, { timeout: 5_000 }).toBe(true)
  await userEvent.keyboard('kept')
  await expect.poll(() => document.querySelector('.view-line')?.textContent).toBe('kept')
  await expect
    .poll(() => page.getByTestId('sync').element().textContent, { timeout: 15_000 })
    .toMatch(/^Offline, \d+ edits kept here$/)
}, 100_000)

test('[UI-33] a name that is taken is refused beside the field', async () => {
  await page.getByRole('button', { name: 'New file' }).click()
  await userEvent.keyboard('readme.MD{Enter}')
  await expect.element(page.getByText('There is already readme.MD in this workspace.')).toBeVisible()
  await userEvent.keyboard('{Escape}')
  expect(paths()).toHaveLength(4)
})

test('[S123] a command asked for offline is shown as waiting', async () => {
  await page.getByRole('textbox', { name: /^Command to run/ }).fill('npm test')
  await userEvent.keyboard('{Enter}')
  const card = page.getByRole('listitem').filter({ hasText: 'npm test' })
  await expect.element(card.getByText('waiting for the connection'), { timeout: 10_000 }).toBeVisible()
  expect(session.requests.snapshot().size).toBe(1)
  await expect.element(page.getByRole('tab', { name: /^Tasks/ })).toHaveTextContent('Tasks1 not finished')
})

test('[UI-229] F6 leads to the files, not to the buttons above them', async () => {
  await expect.element(row('README.md')).toBeVisible()
  page
    .getByRole('textbox', { name: /^Command to run/ })
    .element()
    .focus()
  await userEvent.keyboard('{F6}')
  await expect.poll(() => document.activeElement?.getAttribute('role')).toBe('tree')
})

test('[UI-67] the dock’s tabs are walked with the arrow keys, and the one left keeps what was typed in it', async () => {
  await page.getByRole('textbox', { name: /^Command to run/ }).fill('npm test')
  page.getByRole('tab', { name: 'Tasks' }).element().focus()
  await userEvent.keyboard('{ArrowRight}')
  const history = page.getByRole('tab', { name: 'History' })
  await expect.element(history).toHaveFocus()
  await expect.element(history).toHaveAttribute('aria-selected', 'true')
  await expect.element(page.getByRole('combobox', { name: 'By whom' })).toBeVisible()
  await userEvent.keyboard('{ArrowLeft}')
  await expect.element(page.getByRole('textbox', { name: /^Command to run/ })).toHaveValue('npm test')
})

test('[UI-226] a dock that nobody has made another height is high enough to work in', async () => {
  await expect.element(page.getByRole('tab', { name: 'History' })).toBeVisible()
  const height = () => document.querySelector('[aria-label="Dock"][data-region]')?.clientHeight ?? 0
  const whole = document.querySelector('main')?.clientHeight ?? 0
  await expect.poll(() => height() / whole).toBeGreaterThan(0.42)
  expect(height() / whole).toBeLessThan(0.48)
})

test('[UI-205] an address that names a task shows it, wherever one was', async () => {
  const [first, second] = [taskForTest({ createdAt: 2 }), taskForTest({ createdAt: 1, state: 'completed' })]
  const { doc, provider } = session.open({ kind: 'tasks', rotation: 0 })
  const theirs = new Y.Doc()
  for (const task of [first, second]) openTasks(theirs).set(task.id, task)
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(theirs), provider)
  const shown = (id: string) => document.querySelector(`[data-card="${id}"]`)?.getAttribute('aria-current')
  await expect.poll(() => shown(first.id)).toBe('true')
  await page.getByRole('tab', { name: 'History' }).click()
  const tab = page.getByRole('tab', { name: /^Tasks/ })
  await expect.element(tab).toHaveAttribute('aria-selected', 'false')
  location.hash = placeHash({ task: second.id })
  await expect.element(tab).toHaveAttribute('aria-selected', 'true')
  await expect.poll(() => shown(second.id)).toBe('true')
  await page.getByRole('button', { name: 'Hide the dock' }).click()
  await expect.element(tab).not.toHaveAttribute('aria-controls')
  location.hash = placeHash({ task: first.id })
  await expect.poll(() => shown(first.id)).toBe('true')
}, 40_000)

test('[UI-233] [SBX-204] that commands run without a sandbox stands in every view, in words', async () => {
  const say = (kind: 'ops' | 'daemon', write: (doc: Y.Doc) => void, daemonId = '') => {
    const { doc, provider } = session.open(kind === 'ops' ? { kind } : { kind, daemonId })
    const theirs = new Y.Doc()
    write(theirs)
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(theirs), provider)
  }
  const id = createId()
  say('ops', (doc) => openOps(doc).daemons.set(id, { id, name: 'laptop', connection: 'online', lastSeenAt: 0 }))
  say('daemon', (doc) => openDaemon(doc).set('sandbox', { tier: 'unsafe', reason: 'The owner wants it' }), id)
  const mark = page.getByRole('banner').getByRole('button', { name: 'No sandbox' })
  await expect.element(mark).toBeVisible()
  await expect.element(page.getByRole('contentinfo').getByRole('button', { name: 'UNSAFE: no sandbox' })).toBeVisible()
  await mark.click()
  const details = page.getByRole('list', { name: 'Sandbox' })
  await expect.element(details.getByText(/they can reach everything/)).toBeVisible()
  await userEvent.keyboard('{Escape}')
  await page.viewport(400, 800)
  for (const region of ['Files', 'Editor', 'Tasks', 'History']) {
    await page.getByRole('navigation', { name: 'Regions' }).getByRole('button', { name: region }).click()
    await expect.element(mark).toBeVisible()
  }
})

test('[UI-241] on a narrow page the bar of regions counts what waits for a yes', async () => {
  await page.viewport(400, 800)
  const tasks = page.getByRole('navigation', { name: 'Regions' }).getByRole('button', { name: /^Tasks/ })
  expect(tasks.element().textContent).toBe('Tasks')
  const { doc, provider } = session.open({ kind: 'ops' })
  const theirs = new Y.Doc()
  const asked = approvalForTest()
  openOps(theirs).approvals.set(asked.id, asked)
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(theirs), provider)
  await expect.element(tasks).toHaveTextContent('Tasks 1 needs your approval')
})

test.each(['dark', 'light'] as const)('[UI-45] no barrier that axe can find, %s', async (theme) => {
  document.documentElement.dataset['theme'] = theme
  document.documentElement.lang = 'en'
  await row('README.md').click()
  await expect.element(page.getByRole('tab', { name: /README/ })).toBeVisible()
  const { violations } = await axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'],
  })
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)).toEqual([])
})
