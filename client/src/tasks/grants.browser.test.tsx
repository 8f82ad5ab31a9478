import axe from 'axe-core'
import { createId } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { approvalForTest } from './test-approval.ts'
import { make, mira, now, showMonitor } from './test-monitor.tsx'

let end = () => {}
beforeEach(() => page.viewport(1190, 820))
afterEach(() => end())

const bootId = createId()
const task = make({
  payload: { kind: 'command', command: 'npm install', args: [], cwd: 'web', shell: true, network: ['@npm'] },
  timeoutMs: 3_600_000,
  state: 'completed',
})
const yes = (part: Partial<Approval>) =>
  approvalForTest({
    state: 'approved',
    by: mira,
    byName: 'Mira',
    bootId,
    decidedAt: now - 3_600_000,
    subject: { task: task.id },
    ...part,
  })
const session = yes({ scope: 'session', summary: 'npm install' })
const workspace = yes({
  scope: 'workspace',
  summary: 'rm old',
  subject: { task: createId() },
  decidedAt: now - 7_200_000,
})
const show = (options: Parameters<typeof showMonitor>[0] = {}) => {
  const monitor = showMonitor({
    tasks: [task],
    approvals: [session, workspace, yes({ scope: 'once' })],
    bootId,
    size: { width: 1190, height: 800 },
    ...options,
  })
  end = monitor.end
  return monitor
}
const line = (words: string) => page.getByRole('button', { name: words })
const dialog = page.getByRole('dialog', { name: 'Allowed without asking' })
const rows = () => dialog.element().querySelectorAll('li')

test('[UI-231] [SBX-274] what is allowed without asking is listed: what exactly, who said so, until when; and revoked, live', async () => {
  const { ask, say } = show()
  await line('2 commands are allowed without asking').click()
  await expect.element(dialog).toBeVisible()
  expect(rows()[0]?.textContent).toMatch(
    /^npm installIn web, for at most 1 hour\.It may reach @npm \(the registry npm is configured with\), and send there whatever it can read\.Said by Mira 1 hour ago, for the session: until the daemon on laptop starts anew, at the latest .+ at \d\d:\d\d\.Revoke$/,
  )
  expect(rows()[1]?.textContent).toMatch(
    /^rm oldThe task .+ is archived.+Said by Mira 2 hours ago, for the workspace: until it is taken back\.Revoke$/,
  )
  await dialog.getByRole('button', { name: 'Revoke' }).first().click()
  expect(ask.mock.calls).toEqual([[{ kind: 'revoke', approval: session.id }]])
  await expect.element(dialog.getByRole('button', { name: 'Taking it back…' })).toHaveFocus()
  say({ ...session, state: 'revoked' })
  await expect.poll(() => rows().length).toBe(1)
  // The focus stays in the list, at the next.
  await expect.element(dialog.getByRole('button', { name: 'Revoke' })).toHaveFocus()
  say({ ...workspace, state: 'revoked' })
  await expect.element(dialog.getByText(/^Nothing is:/)).toBeVisible()
  await userEvent.keyboard('{Escape}')
  await expect.element(dialog).not.toBeInTheDocument()
  expect(page.getByText('allowed without asking').elements()).toEqual([])
})

test('[UI-231] a yes for a session that is over is not listed; who may not revoke is told why', async () => {
  const { say } = show({ bootId: createId() })
  await line('1 command is allowed without asking').click()
  await expect.element(dialog.getByText('rm old')).toBeVisible()
  say(yes({ scope: 'session', bootId: createId() }))
  end()
  show({ role: 'editor' })
  await line('2 commands are allowed without asking').click()
  await expect.element(dialog.getByText('As editor you may not take it back.').first()).toBeVisible()
  for (const button of dialog.getByRole('button', { name: 'Revoke' }).elements()) expect(button).toBeDisabled()
})

test.each(['dark', 'light'] as const)(
  '[UI-45] [UI-231] the list has no barrier that axe can find, %s',
  async (theme) => {
    document.documentElement.dataset['theme'] = theme
    show()
    await line('2 commands are allowed without asking').click()
    await expect.element(dialog.getByText('rm old')).toBeVisible()
    await page.screenshot({ path: `../../../artifacts/screenshots/65-allowed-without-asking-${theme}.png` })
    const { violations } = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'],
    })
    expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)).toEqual([])
  },
)
