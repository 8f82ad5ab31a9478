import '../ui/base.css'
import '../ui/tokens.css'
import '../ui/fonts.css'
import '../ui/peers.css'
import {
  createId,
  silentLog,
  systemClock,
  TandemError,
  type Checkpoint,
  type HistoryPage,
  type Role,
  type Step,
} from '@tandem/shared'
import { openFiles } from '@tandem/shared/docs'
import axe from 'axe-core'
import { createRoot } from 'react-dom/client'
import { afterEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import * as Y from 'yjs'
import { SessionContext } from '../session/session-context.ts'
import type { Session } from '../session/session.ts'
import { createState } from '../session/state.ts'
import { Toasts } from '../ui/toasts.tsx'
import HistoryPanel from './history-panel.tsx'

const now = Date.now()
const me = createId()
const mira = { id: createId(), name: 'Mira', kind: 'person' } as const
const disk = { id: createId(), name: 'laptop', kind: 'disk' } as const
const files = openFiles(new Y.Doc())
const [a, b] = [files.transact(() => files.create('a.txt', 'text'), 'test'), createId()]

const steps: Step[] = [
  {
    seq: 30,
    before: 20,
    from: now - 60_000,
    to: now - 60_000,
    author: mira,
    entries: 3,
    files: [
      { fileId: a, path: 'a.txt', change: 'edited' },
      { fileId: b, path: 'b.png', change: 'created' },
    ],
    more: 0,
  },
  {
    seq: 20,
    before: 0,
    from: now - 90_000_000,
    to: now - 90_000_000,
    author: disk,
    entries: 1,
    files: [{ fileId: a, path: 'a.txt', change: 'created' }],
    more: 0,
  },
]
const mark: Checkpoint = {
  id: createId(),
  name: 'Before the demo',
  seq: 20,
  at: now - 80_000_000,
  by: me,
  byName: 'Me',
  kind: 'manual',
}

/** The panel over a server that answers so. */
function show({
  answer = () => Promise.resolve<HistoryPage>({ version: 30, steps }),
  role = 'editor' as Role,
  phase = 'connected' as 'connected' | 'offline',
} = {}) {
  document.documentElement.lang = 'en'
  const link = createState({ phase })
  const words = createState({ seq: 30, writable: true, reason: undefined })
  const history = {
    page: vi.fn<(filter: object) => Promise<HistoryPage>>(answer),
    text: vi.fn((version: number | 'head', path: string) =>
      Promise.resolve(path === 'b.png' ? { reason: 'it is not a text' } : { text: `${path} at ${version}\n` }),
    ),
    diff: vi.fn(() =>
      Promise.resolve({
        from: 20,
        to: 30,
        files: [{ fileId: a, path: 'a.txt', change: 'edited', added: 1, removed: 1 }],
      }),
    ),
    restore: vi.fn(() =>
      Promise.resolve({
        version: 31,
        files: [{ fileId: a, path: 'a.txt', change: 'edited' }],
        conflicts: [],
        undo: { from: 30, to: 31 },
      }),
    ),
    revert: vi.fn(() => Promise.resolve({ version: 32, files: [steps[0]?.files[0]], conflicts: [] })),
    nameVersion: vi.fn(() => Promise.resolve()),
    removeName: vi.fn(() => Promise.resolve()),
  }
  const session = {
    clock: systemClock,
    log: silentLog,
    link,
    words,
    history,
    files,
    identity: createState({ claims: { principal: me, name: 'Me', role } }),
    tasks: createState(new Map()),
    peers: createState({ peers: [], own: 0 }),
    ops: {
      members: createState(new Map()),
      daemons: createState(new Map()),
      checkpoints: createState(new Map([[mark.id, mark]])),
    },
    hueOf: () => 1,
    serverNow: () => now,
  }
  const host = document.body.appendChild(Object.assign(document.createElement('main'), { style: 'height: 400px' }))
  const root = createRoot(host)
  root.render(
    <SessionContext value={session as unknown as Session}>
      <h1 className="visually-hidden">History</h1>
      <HistoryPanel file={a} Diff={Texts} />
      <Toasts />
    </SessionContext>,
  )
  end = () => {
    root.unmount()
    host.remove()
  }
  return { history, link, words }
}
let end = () => {}
afterEach(() => end())

const Texts = ({ before, after }: { before: string; after: string }) => (
  <p>
    {before}→ {after}
  </p>
)
const row = (words: RegExp) => page.getByRole('option', { name: words })
const button = (name: string) => page.getByRole('button', { name, exact: true })

test('[UI-67] the timeline is walked with the arrow keys, and what is chosen is shown', async () => {
  await page.viewport(1200, 700)
  const { history } = show()
  await expect.element(row(/^Mira changed 2 files/)).toBeVisible()
  page.getByRole('listbox').element().focus()
  await userEvent.keyboard('{ArrowDown}')
  await expect.element(row(/^Mira/)).toHaveAttribute('aria-selected', 'true')
  await expect.element(page.getByText('a.txt at 20 → a.txt at 30')).toBeVisible()
  await userEvent.keyboard('{End}')
  await expect.element(page.getByText('→ a.txt at 20')).toBeVisible()
  await userEvent.keyboard('{ArrowUp}')
  await expect.element(row(/^Before the demo/)).toHaveAttribute('aria-selected', 'true')
  await expect.element(page.getByText('a.txt at 20 → a.txt at head')).toBeVisible()
  // Each text of the past is fetched once, however often one walks by.
  const asked = history.text.mock.calls.map((call) => call.slice(0, 2).join(' '))
  expect(new Set(asked).size).toBe(asked.length)
})

test('[UI-64] what is no text says so', async () => {
  await page.viewport(1200, 700)
  show()
  await row(/^Mira/).click()
  await page.getByRole('button', { name: /b\.png/ }).click()
  await expect.element(page.getByText('b.png cannot be compared here: it is not a text.')).toBeVisible()
})

test('[UI-64] a step is compared with what was before it, or with what is now', async () => {
  await page.viewport(1200, 700)
  show()
  await row(/^Mira/).click()
  await expect.element(page.getByText('a.txt at 20 → a.txt at 30')).toBeVisible()
  await button('Against now').click()
  await expect.element(page.getByText('a.txt at 30 → a.txt at head')).toBeVisible()
  await button('Restore…').click()
  await expect.element(page.getByText(/^a\.txt gets back the text it had at version 30/)).toBeVisible()
})

test('[UI-61] a step that goes on while one looks at it stays chosen, and shows what came', async () => {
  await page.viewport(1200, 700)
  const { history, words } = show()
  await row(/^Mira/).click()
  await expect.element(page.getByText('a.txt at 20 → a.txt at 30')).toBeVisible()
  const [newest, oldest] = steps as [Step, Step]
  history.page.mockResolvedValue({ version: 34, steps: [{ ...newest, seq: 33 }, oldest] })
  words.patch({ seq: 34 })
  await expect.element(page.getByText('a.txt at 20 → a.txt at 33'), { timeout: 8_000 }).toBeVisible()
  await expect.element(row(/^Mira/)).toHaveAttribute('aria-selected', 'true')
})

test('[UI-65] a restore says what it will do, does it for the files chosen, and is taken back', async () => {
  await page.viewport(1200, 700)
  const { history } = show()
  await row(/^Mira/).click()
  await page.getByRole('checkbox', { name: 'Choose a.txt' }).click()
  await page.getByRole('checkbox', { name: 'Choose b.png' }).click()
  await button('Restore…').click()
  const dialog = page.getByRole('alertdialog')
  await expect
    .element(
      dialog.getByText(/^1 file gets back the text of version 20 .*; 1 file that did not exist then is deleted\./),
    )
    .toBeVisible()
  await dialog.getByRole('radio', { name: 'after this step' }).click()
  await expect.element(dialog.getByText(/^2 files get back the text of version 30/)).toBeVisible()
  await dialog.getByRole('radio', { name: 'Everything in the workspace' }).click()
  await expect.element(dialog.getByText(/^1 file will change/)).toBeVisible()
  await dialog.getByRole('radio', { name: 'The 2 files chosen' }).click()
  await dialog.getByRole('radio', { name: 'before this step' }).click()
  await dialog.getByRole('button', { name: 'Restore', exact: true }).click()
  await expect.element(page.getByText('Restored 1 file.')).toBeVisible()
  expect(history.restore.mock.calls).toEqual([[{ version: 20, files: [a, b] }]])
  await button('Undo').click()
  await expect.poll(() => history.revert.mock.calls).toEqual([[{ from: 30, to: 31 }]])
})

test('[UI-65] what a restore said when it was asked for is what it does, whatever others write meanwhile', async () => {
  await page.viewport(1200, 700)
  const [first, ...older] = steps as [Step, ...Step[]]
  const grown = {
    ...first,
    seq: 34,
    files: [{ fileId: createId(), path: 'A.txt', change: 'created' as const }, ...first.files],
  }
  const newer: Step = { ...first, seq: 40, before: 34, author: disk, from: now, to: now }
  let isLater = false
  const { history, words } = show({
    answer: () =>
      Promise.resolve(
        isLater ? { version: 40, steps: [newer, grown, ...older] } : { version: 30, steps: [first, ...older] },
      ),
  })
  await row(/^Mira/).click()
  await button('Restore…').click()
  const dialog = page.getByRole('alertdialog')
  await expect.element(dialog.getByText(/^a\.txt gets back the text it had at version 20/)).toBeVisible()
  const shown = () => document.querySelectorAll('[role=option]').length
  const before = shown()
  isLater = true
  words.patch({ seq: 40 })
  await expect.poll(shown, { timeout: 14_000 }).toBe(before + 1)
  await dialog.getByRole('button', { name: 'Restore', exact: true }).click()
  await expect.element(page.getByText('Restored 1 file.')).toBeVisible()
  expect(history.restore.mock.calls).toEqual([[{ version: 20, files: [a] }]])
})

test('[UI-65] a restore that fails says so in the dialog, and can be tried again', async () => {
  await page.viewport(1200, 700)
  const { history } = show()
  history.restore.mockRejectedValueOnce(new TandemError('conflict', { reason: 'a.txt is taken' }))
  await row(/^Mira/).click()
  await button('Restore…').click()
  const dialog = page.getByRole('alertdialog')
  const restore = dialog.getByRole('button', { name: 'Restore', exact: true })
  await restore.click()
  await expect.element(dialog.getByText('Nothing was restored: a.txt is taken.')).toBeVisible()
  await restore.click()
  await expect.element(page.getByText('Restored 1 file.')).toBeVisible()
})

test('[UI-68] a version gets a name by the keyboard, and a name goes away again', async () => {
  await page.viewport(1200, 700)
  const { history } = show()
  await button('Name things as they stand').click()
  await userEvent.keyboard('  The first release  {Enter}')
  await expect.poll(() => history.nameVersion.mock.calls).toEqual([[{ name: 'The first release' }]])
  await row(/^Before the demo/).click()
  await button('Remove the name').click()
  await expect.poll(() => history.removeName.mock.calls).toEqual([[mark.id]])
  await button('Undo').click()
  await expect.poll(() => history.nameVersion.mock.calls[1]).toEqual([{ name: 'Before the demo', version: 20 }])
})

test('[UI-66] a viewer sees the past and is told why they cannot bring it back', async () => {
  await page.viewport(1200, 700)
  show({ role: 'viewer' })
  await row(/^Mira/).click()
  await expect.element(button('Restore…')).toBeDisabled()
  await expect.element(page.getByText('As viewer you may look at the past, not bring it back.')).toBeVisible()
})

test('[UI-66] offline from the start, failing, and empty each say what they are', async () => {
  await page.viewport(1200, 700)
  show({ phase: 'offline', answer: () => Promise.reject(new TandemError('offline')) })
  await expect.element(page.getByText(/^The history is on the server/)).toBeVisible()
  end()
  const { history } = show({ answer: () => Promise.reject(new TandemError('internal', { reason: 'it broke' })) })
  await expect.element(page.getByText('The history did not come.')).toBeVisible()
  history.page.mockResolvedValue({ version: 30, steps })
  await button('Try again').click()
  await expect.element(row(/^Mira/)).toBeVisible()
  end()
  show({ answer: () => Promise.resolve({ version: 0, steps: [] }) })
  await row(/^Before the demo/).click()
  await expect.element(page.getByText(/^a\.txt at 20/)).toBeVisible()
})

test('[UI-61] the file in the editor alone, or one author alone, is asked of the server', async () => {
  await page.viewport(1200, 700)
  const { history } = show()
  await expect.element(row(/^Mira/)).toBeVisible()
  await userEvent.selectOptions(page.getByRole('combobox', { name: 'By whom' }), 'By Mira')
  const asked = () => history.page.mock.calls.at(-1)?.[0]
  await expect.poll(asked).toEqual({ author: mira.id })
  await button('a.txt').click()
  await expect.poll(asked).toEqual({ author: mira.id, file: a })
})

test('[UI-67] on a narrow screen the step takes the place of the list, and gives it back', async () => {
  await page.viewport(400, 700)
  show()
  await row(/^Mira/).click()
  await expect.element(page.getByRole('button', { name: 'Steps' })).toHaveFocus()
  await expect.element(page.getByText('a.txt at 20 → a.txt at 30')).toBeVisible()
  await page.getByRole('button', { name: 'Steps' }).click()
  await expect.element(row(/^Mira/)).toBeVisible()
  await expect.element(page.getByRole('listbox')).toHaveFocus()
  await userEvent.keyboard('{ArrowDown}{Enter}')
  await expect.element(page.getByRole('button', { name: 'Steps' })).toHaveFocus()
  await expect.element(page.getByRole('heading', { name: 'Before the demo' })).toBeVisible()
})

test.each(['dark', 'light'] as const)('[UI-45] no barrier in the history that axe can find, %s', async (theme) => {
  await page.viewport(1200, 700)
  document.documentElement.dataset['theme'] = theme
  document.title = 'Tandem'
  show()
  const barriers = async () => {
    const runOnly = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']
    const { violations } = await axe.run(document, { runOnly })
    return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(', ')}`)
  }
  await row(/^Mira/).click()
  await expect.element(page.getByText('a.txt at 20 → a.txt at 30')).toBeVisible()
  expect(await barriers()).toEqual([])
  await button('Restore…').click()
  await expect.element(page.getByRole('alertdialog')).toBeVisible()
  await expect.poll(barriers).toEqual([])
})
