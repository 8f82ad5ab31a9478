import './ui/base.css'
import './ui/tokens.css'
import './ui/fonts.css'
import './ui/peers.css'
import { createId, type DocRef, type Role } from '@tandem/shared'
import {
  MirrorState,
  openDaemon,
  openFile,
  openOps,
  type MirrorConflict,
  type MirrorQuestion,
} from '@tandem/shared/docs'
import axe from 'axe-core'
import { createRoot } from 'react-dom/client'
import { afterEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import type * as Y from 'yjs'
import type { Session } from './session/session.ts'
import { SessionContext } from './session/session-context.ts'
import { createState } from './session/state.ts'
import { sessionForTest } from './session/test-session.ts'
import Workbench from './workbench.tsx'

const blobs = new Map<string, string>()
const blob = (text: string) => {
  const hash = String(blobs.size + 1).padStart(64, '0')
  blobs.set(hash, text)
  return { blob: hash, size: text.length }
}

// The first test waits for the editor engine, which a loaded machine takes its time for.
vi.setConfig({ testTimeout: 60_000 })

let end = () => {}
afterEach(() => {
  end()
  vi.restoreAllMocks()
})

/** The whole workbench with two machines, of which the server and the machines say what the tests let them. */
async function show({ role = 'editor' as Role, phase = 'connected' as 'connected' | 'offline' } = {}) {
  await page.viewport(1280, 800)
  localStorage.clear()
  document.documentElement.lang = 'en'
  document.title = 'Tandem'
  document.head.prepend(
    Object.assign(document.createElement('style'), { textContent: '@layer tokens, base, components;' }),
  )
  const real = window.fetch.bind(window)
  vi.spyOn(window, 'fetch').mockImplementation((input, init) => {
    const text = blobs.get((typeof input === 'string' ? /\/blobs\/(\w+)$/.exec(input)?.[1] : undefined) ?? '')
    return text === undefined ? real(input, init) : Promise.resolve(new Response(text))
  })
  const ending = new AbortController()
  const opened = sessionForTest({ signal: ending.signal })
  const { claims } = opened.identity.snapshot()
  const link = createState({ ...opened.link.snapshot(), phase })
  const identity = createState({ ...opened.identity.snapshot(), claims: { ...claims, role } })
  const session = { ...opened, link, identity } as Session
  const told = (ref: DocRef, write: (doc: Y.Doc) => void) => {
    const handle = session.open(ref)
    handle.doc.transact(() => write(handle.doc), handle.provider)
  }
  const laptop = { id: createId(), name: 'mira-laptop', connection: 'online', lastSeenAt: Date.now() } as const
  const desk = { ...laptop, id: createId(), name: 'desk', connection: 'offline' as const }
  const says = (state: Partial<MirrorState>, daemonId = laptop.id) =>
    told({ kind: 'daemon', daemonId }, (doc) =>
      openDaemon(doc).set('mirror', MirrorState.parse({ phase: 'live', ...state })),
    )
  told({ kind: 'ops' }, (doc) => openOps(doc).daemons.set(laptop.id, laptop))
  says({})
  const ids = new Map<string, string>()
  session.files.transact(() => {
    for (const path of ['README.md', 'src/cart.txt', 'src/deep/price.txt'])
      ids.set(path, session.files.create(path, 'text', { size: 1, exec: false, eol: 'lf', bom: false }))
  }, 'test')
  const idOf = (path: string) => ids.get(path) as string
  const writes = (path: string, text: string, at = 0) =>
    openFile(session.open({ kind: 'file', fileId: idOf(path) }).doc).edit([{ at, del: 0, ins: text }], 'test')
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
    end = () => {}
  }
  const text = (path: string) => openFile(session.peek({ kind: 'file', fileId: idOf(path) }) as Y.Doc).snapshot()
  const conflict = (path: string, more: Partial<MirrorConflict> = {}): MirrorConflict => ({
    id: createId(),
    kind: 'lines',
    path,
    file: idOf(path),
    at: Date.now() - 180_000,
    record: '.tandem/conflicts/2026-11-21-cart.txt',
    sides: {},
    ...more,
  })
  const requests = () => [...session.requests.snapshot().values()].map((r) => r.body)
  return { session, link, told, says, laptop, desk, writes, text, conflict, idOf, claims, requests }
}

const row = (name: string | RegExp) => page.getByRole('treeitem', { name, exact: true })
const button = (name: string | RegExp) => page.getByRole('button', { name })
const asked = () => page.getByRole('region', { name: 'Files gone from the folder on mira-laptop' })
const sides = () => ({
  base: blob('a\nprice = 1\nb\n'),
  disk: blob('a\nprice = 2 // disk\nb\n'),
  remote: blob('a\nprice = 3 // page\nb\n'),
  merged: blob('a\nprice = 3 // page\nprice = 2 // disk\nb\n'),
})
const question: MirrorQuestion = {
  id: createId(),
  kind: 'deletions',
  count: 43,
  total: 60,
  at: 1,
  examples: ['src/a.txt', 'notes/b.md'],
}

const merged = 'a\nprice = 3 // page\nprice = 2 // disk\nb\n'

/** The file of a conflict on the screen, its text as the mirror merged it. */
async function showConflict(t: Awaited<ReturnType<typeof show>>, more: Partial<MirrorConflict> = {}) {
  t.writes('src/cart.txt', merged)
  const conflict = t.conflict('src/cart.txt', { sides: sides(), ...more })
  t.says({ conflicts: [conflict] })
  await page.getByRole('button', { name: /^cart\.txt/ }).click()
  await expect.element(button('Keep disk')).toBeVisible()
  await expect.poll(() => document.querySelector('.view-lines') !== null, { timeout: 20_000 }).toBe(true)
  return conflict
}

test('[UI-130] what needs a look is counted, listed and marked, and opens its file', async () => {
  const t = await show()
  t.says({
    conflicts: [t.conflict('src/deep/price.txt', { kind: 'unrelated' })],
    alerts: [{ kind: 'clash', path: 'src/Cart.txt', says: 'two names are one elsewhere', at: 1 }],
  })
  const section = page.getByRole('region', { name: 'Needs a look' })
  await expect.element(section.getByRole('button', { name: '1 conflict · 1 alert' })).toBeVisible()
  await expect.element(row('src needs a look')).toBeVisible()
  await row('src needs a look').click()
  // Open, it shows the mark on what is in it.
  await expect.element(row('src')).toBeVisible()
  await expect.element(row('deep needs a look')).toBeVisible()
  await expect.element(section.getByText('Rename one of the two', { exact: false })).toBeVisible()
  await section.getByRole('button', { name: /^price\.txt src\/deep/ }).click()
  await expect.element(page.getByRole('heading', { level: 1, name: 'src/deep/price.txt' })).toBeInTheDocument()
  await expect.element(row('price.txt needs a look')).toBeVisible()
  section.getByRole('button', { name: '1 conflict · 1 alert' }).element().focus()
  await userEvent.keyboard('{Enter}')
  await expect.element(section.getByRole('list')).not.toBeInTheDocument()
  // What another machine says stands there too, with the machine's name.
  t.told({ kind: 'ops' }, (doc) => openOps(doc).daemons.set(t.desk.id, t.desk))
  t.says({ conflicts: [t.conflict('README.md')] }, t.desk.id)
  await expect.element(section.getByRole('button', { name: '2 conflicts · 1 alert' })).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  await expect.element(section.getByText('Changed on both sides · desk')).toBeVisible()
})

test('[UI-132] the disk’s version is kept by an edit of one’s own: what was typed since stays, and undo takes it back', async () => {
  const t = await show()
  const conflict = await showConflict(t)
  const typed = merged + 'typed since\n'
  t.writes('src/cart.txt', 'typed since\n', merged.length)
  await button('Keep disk').click()
  await expect.poll(() => t.text('src/cart.txt')).toBe('a\nprice = 2 // disk\nb\ntyped since\n')
  expect(t.requests()).toEqual([{ kind: 'answer', daemon: t.laptop.id, question: conflict.id, answer: 'dismiss' }])
  await expect.element(button('Keep disk')).not.toBeInTheDocument()
  document.querySelector<HTMLElement>('.monaco-editor [role=textbox], .monaco-editor textarea')?.focus()
  await userEvent.keyboard('{Control>}z{/Control}')
  await expect.poll(() => t.text('src/cart.txt')).toBe(typed)
})

test('[UI-132] both are compared side by side, and kept as they are', async () => {
  const t = await show()
  const conflict = await showConflict(t)
  await button('Compare').click()
  const comparison = page.getByRole('region', { name: 'Both versions, compared' })
  await expect.poll(() => comparison.element().querySelector('.line-delete') !== null, { timeout: 20_000 }).toBe(true)
  await userEvent.keyboard('{Escape}')
  await expect.element(comparison).not.toBeInTheDocument()
  await expect.element(button('Compare')).toHaveFocus()
  await button('Keep both').click()
  expect(t.requests()).toEqual([{ kind: 'answer', daemon: t.laptop.id, question: conflict.id, answer: 'dismiss' }])
  expect(t.text('src/cart.txt')).toBe(merged)
})

test('[UI-132] where the shared version was not kept, the disk’s is compared with what is there now', async () => {
  const t = await show()
  await showConflict(t, { kind: 'replaced', sides: { disk: blob('on disk\n') } })
  await button('Compare').click()
  const comparison = page.getByRole('region', { name: 'Both versions, compared' })
  const lines = (side: string) =>
    [...comparison.element().querySelectorAll(`.editor.${side} .view-line`)].map((line) => line.textContent)
  await expect.poll(() => lines('original').includes('on\u00a0disk'), { timeout: 20_000 }).toBe(true)
  await expect.poll(() => lines('modified')).toContain('price\u00a0=\u00a02\u00a0//\u00a0disk')
  await comparison.getByRole('button', { name: 'Close the comparison' }).click()
  await button('Keep disk').click()
  await expect.poll(() => t.text('src/cart.txt')).toBe('on disk\n')
})

test('[UI-132] a file that is no text goes on with the version that is kept', async () => {
  const t = await show()
  const facts = { size: 4, exec: true, eol: 'lf', bom: false, blob: 'a'.repeat(64) } as const
  const id = t.session.files.transact(() => t.session.files.create('logo.png', 'blob', facts), 'test')
  const disk = { blob: 'b'.repeat(64), size: 7 }
  t.says({ conflicts: [t.conflict('logo.png', { kind: 'blob', file: id, sides: { disk } })] })
  await page.getByRole('button', { name: /^logo\.png/ }).click()
  await expect.element(page.getByRole('link', { name: 'Disk’s, 7 bytes' })).toBeVisible()
  await button('Keep disk').click()
  await expect.poll(() => t.session.files.get(id)?.facts).toEqual({ ...facts, ...disk })
  expect(t.requests()).toHaveLength(1)
})

test('[UI-136] without the server, or without the role, nothing is kept, and the reason is said', async () => {
  const t = await show({ phase: 'offline' })
  await showConflict(t)
  for (const name of ['Compare', 'Keep disk', 'Keep shared']) await expect.element(button(name)).toBeDisabled()
  await expect
    .element(page.getByText('they can be fetched when the connection is back', { exact: false }))
    .toBeVisible()
  await expect.element(button('Keep both')).toBeEnabled()
  end()
  const viewer = await show({ role: 'viewer' })
  await showConflict(viewer)
  for (const name of ['Keep disk', 'Keep shared', 'Keep both']) await expect.element(button(name)).toBeDisabled()
  await expect.element(button('Compare')).toBeEnabled()
  await expect.element(page.getByText('As viewer you may compare the versions', { exact: false })).toBeVisible()
  viewer.says({ phase: 'halted', question })
  await expect.element(button('Put them back on disk')).toBeDisabled()
  await expect.element(page.getByText('As viewer you cannot decide this', { exact: false })).toBeVisible()
})

test('[UI-133] files gone from a folder: deleted for everybody only in two steps, and then nothing more is asked', async () => {
  const t = await show()
  t.says({ phase: 'halted', question })
  await expect
    .element(asked().getByRole('alert'))
    .toHaveTextContent(
      '43 of 60 files are gone from the folder on mira-laptop. Nothing is deleted for others until you say so.',
    )
  await asked().getByText('Which files').click()
  await expect.element(asked().getByText('notes/b.md')).toBeVisible()
  await button(/^Delete them for everybody/).click()
  expect(t.requests()).toEqual([])
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click()
  await button(/^Delete them for everybody/).click()
  await button('Delete 43 files').click()
  expect(t.requests()).toEqual([{ kind: 'answer', daemon: t.laptop.id, question: question.id, answer: 'delete' }])
  await expect.element(asked().getByText('Your answer is on its way', { exact: false })).toBeVisible()
  await expect.element(asked()).toHaveFocus()
  await expect.element(button('Put them back on disk')).not.toBeInTheDocument()
  t.says({ phase: 'live' })
  await expect.element(asked()).not.toBeInTheDocument()
})

test('[UI-133] somebody else’s answer is shown with their name until the machine has acted', async () => {
  const t = await show()
  t.says({ phase: 'halted', question })
  await expect.element(button('Put them back on disk')).toBeEnabled()
  const answer = {
    id: question.id,
    daemon: t.laptop.id,
    answer: 'restore',
    by: createId(),
    byName: 'Ben',
    at: 1,
  } as const
  t.told({ kind: 'ops' }, (doc) => openOps(doc).answers.set(question.id, answer))
  await expect
    .element(asked().getByText('Ben chose to put them back on disk. mira-laptop puts them back on disk now…'))
    .toBeVisible()
  await expect.element(button('Put them back on disk')).not.toBeInTheDocument()
})

test('[UI-134] how far the folder is stands beside the files and in the status bar', async () => {
  const t = await show()
  t.says({ phase: 'seeding', done: 3_200, total: 10_000 })
  const bars = page.getByRole('progressbar', { name: 'Sharing 3,200 of 10,000 files' })
  await expect.poll(() => bars.elements().map((bar) => bar.ariaValueNow)).toEqual(['32', '32'])
  t.says({ phase: 'live' })
  await expect.poll(() => bars.elements()).toEqual([])
})

test.each(['dark', 'light'] as const)(
  '[UI-45] conflicts, question and progress have no barrier, %s',
  async (theme) => {
    document.documentElement.dataset['theme'] = theme
    const t = await show()
    await showConflict(t)
    t.told({ kind: 'ops' }, (doc) => openOps(doc).daemons.set(t.desk.id, { ...t.desk, connection: 'online' }))
    t.says({ phase: 'exporting', done: 1, total: 9 }, t.desk.id)
    t.says({
      phase: 'halted',
      question,
      conflicts: [
        t.conflict('src/cart.txt', { sides: sides() }),
        t.conflict('gone.txt', { kind: 'replaced', file: createId() }),
      ],
      alerts: [
        { kind: 'watch-limit', says: 'the system watches no more directories', at: 1 },
        { kind: 'unreadable', path: 'README.md', says: 'it cannot be read', at: 1 },
      ],
    })
    await expect.element(page.getByRole('button', { name: 'Sync halted · 2 conflicts · 2 alerts' })).toBeVisible()
    await expect.poll(() => page.getByRole('progressbar').elements().length).toBe(2)
    const { violations } = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'],
    })
    expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)).toEqual([])
  },
  60_000,
)
