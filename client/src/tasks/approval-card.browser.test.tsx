import axe from 'axe-core'
import { createId, type Task } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { approvalForTest } from './test-approval.ts'
import { laptop, make, mira, showMonitor } from './test-monitor.tsx'

let end = () => {}
beforeEach(() => page.viewport(1190, 820))
afterEach(() => end())

const bootId = createId()
/** The monitor with one question, for a task that is known here unless said otherwise. */
function show({
  part = {},
  about = {},
  isKnown = true,
  ...options
}: {
  part?: Partial<Task>
  about?: Partial<Approval>
  isKnown?: boolean
} & Parameters<typeof showMonitor>[0] = {}) {
  const task = make({
    payload: {
      kind: 'command',
      command: 'rm',
      args: ['a\u200b.txt', '\u202eexe.txt'],
      cwd: 'src',
      shell: false,
      ports: [3_000],
      network: ['packages.example.org', '@npm'],
      env: { NODE_OPTIONS: '--require ./x.cjs', TWO: 'lines\nPATH=/' },
    },
    timeoutMs: 90_000,
    gate: { summary: 'Is the garden\u202e shut?' },
    state: 'awaiting_approval',
    ...part,
  })
  const approval = approvalForTest({ subject: { task: task.id }, bootId, ...about })
  const monitor = showMonitor({
    tasks: isKnown ? [task] : [],
    approvals: [approval],
    bootId,
    size: { width: 1190, height: 800 },
    ...options,
  })
  end = monitor.end
  return { ...monitor, approval, task }
}
const card = page.getByRole('region', { name: /needs your approval$/ })
const answers = () => [...(card.element().querySelectorAll('button') ?? [])].map(({ textContent }) => textContent)

test('[UI-51] [SBX-272] the card shows all that would run: command, folder, time, variables and hosts, nothing unseen', async () => {
  const { approval, ask } = show()
  await expect.element(card).toBeVisible()
  const text = card.element().textContent
  expect(text).toContain('Mira wants to run a command on laptop')
  expect(text).toContain('high risk')
  expect(text).toContain("rm 'a⟨U+200B⟩.txt' '⟨U+202E⟩exe.txt'")
  expect(text).toContain('In src, for at most 1 minute 30 seconds.')
  expect(text).toContain('Is the garden⟨U+202E⟩ shut?')
  expect(text).toContain('NODE_OPTIONS=--require ./x.cjs\nTWO=lines⟨U+000A⟩PATH=/')
  expect(text).toContain('It may reach packages.example.org, @npm (the registry npm is configured with), and send')
  expect(text).toContain('Its machine reaches it at the port 3000.')
  await card.getByRole('button', { name: 'Allow once' }).click()
  expect(ask.mock.calls).toEqual([[{ kind: 'approve', approval: approval.id, scope: 'once' }]])
  // The first answer was given; another is none.
  await card.getByRole('button', { name: 'Deny' }).click({ force: true })
  expect(ask).toHaveBeenCalledTimes(1)
})

test('[UI-51] of code all is shown too: its modules, and what it is given', async () => {
  show({
    part: {
      payload: {
        kind: 'code',
        language: 'javascript',
        code: 'export default 1',
        modules: { 'lib/sum.js': 'export const sum = 2' },
        bindings: ['FETCH'],
        memMb: 512,
      },
      timeoutMs: 3_600_000,
    },
  })
  await expect.element(card).toBeVisible()
  const text = card.element().textContent
  expect(text).toContain('Mira wants to run code on laptop')
  expect(text).toContain('export default 1')
  expect(text).toContain('Its module lib/sum.js:export const sum = 2')
  expect(text).toContain('It is given FETCH, 512 MB of memory.')
  expect(text).toContain('In the workspace folder, for at most 1 hour.')
})

test('[UI-51] a command that is not here whole can be denied, not allowed', async () => {
  show({ isKnown: false })
  for (const name of ['Allow once', 'Allow for this session', 'Allow for this workspace'])
    await expect.element(card.getByRole('button', { name })).toBeDisabled()
  await expect.element(card.getByRole('button', { name: 'Deny' })).toBeEnabled()
})

test('[UI-230] [SBX-274] a question is answered for once, the session or the workspace, with the keyboard in that order', async () => {
  const { approval, ask, say } = show()
  await expect.element(card).toBeVisible()
  expect(answers()).toEqual(['Allow once', 'For this session', 'For this workspace', 'Deny'])
  expect(card.element().textContent).toContain('for the session until the daemon on laptop starts anew, a week at most')
  card.getByRole('button', { name: 'Allow once' }).element().focus()
  await userEvent.keyboard('{Tab}')
  await expect.element(card.getByRole('button', { name: 'Allow for this session' })).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  expect(ask.mock.calls).toEqual([[{ kind: 'approve', approval: approval.id, scope: 'session' }]])
  // What was pressed keeps the focus until the card goes; then the list has it.
  await expect.element(card.getByRole('button', { name: 'Allow for this session' })).toHaveFocus()
  say({ ...approval, state: 'approved', scope: 'session', by: mira, byName: 'Mira', decidedAt: Date.now() })
  await expect.element(card).not.toBeInTheDocument()
  await expect.poll(() => document.activeElement?.getAttribute('data-card')).toBe(approval.subject.task)
})

test('[UI-230] what a task itself wants to be asked about is allowed once alone, and who may not answer is told why', async () => {
  show({ about: { bootId: undefined } })
  await expect.element(card).toBeVisible()
  expect(answers()).toEqual(['Allow once', 'Deny'])
  end()
  show({ role: 'editor' })
  await expect.element(card.getByText('As editor you may not answer.')).toBeVisible()
  for (const button of card.getByRole('button').elements()) expect(button).toBeDisabled()
})

test('[UI-232] who has the question before them is told what somebody else answered, and how far it reaches', async () => {
  const { approval, say, set, task } = show({
    part: { payload: { kind: 'command', command: 'rm a', args: [], cwd: '', shell: true } },
  })
  await expect.element(card).toBeVisible()
  say({ ...approval, state: 'approved', scope: 'workspace', by: mira, byName: 'Mira', decidedAt: Date.now() })
  await expect.element(page.getByText('rm a: Mira allowed it, for the workspace.')).toBeVisible()
  set({ ...task, state: 'running', approvalId: approval.id, attempt: 1, attempts: [{ n: 1, daemonId: laptop.id }] })
  await expect.element(page.getByText('Mira, for the workspace', { exact: true })).toBeVisible()
})

test('[UI-241] where the list stands alone, the question of the task chosen in it is a line that leads to it', async () => {
  await page.viewport(400, 760)
  show({ size: { width: 400, height: 740 } })
  const line = page.getByRole('button', { name: 'The chosen command needs your approval' })
  await expect.element(line).toBeVisible()
  await expect.element(page.getByRole('button', { name: 'Allow once' })).not.toBeInTheDocument()
  await line.click()
  await expect.element(card).toBeVisible()
})

test.each(['dark', 'light'] as const)(
  '[UI-45] [UI-230] the card has no barrier that axe can find, %s',
  async (theme) => {
    document.documentElement.dataset['theme'] = theme
    show()
    await expect.element(card).toBeVisible()
    const { violations } = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'],
    })
    expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)).toEqual([])
  },
)
