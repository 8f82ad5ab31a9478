import '../ui/base.css'
import '../ui/tokens.css'
import { createId, Task } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import { createRoot } from 'react-dom/client'
import { expect, test, vi } from 'vitest'
import { page } from 'vitest/browser'
import { SessionContext } from '../session/session-context.ts'
import type { Session } from '../session/session.ts'
import { createState } from '../session/state.ts'
import { ApprovalCard } from './approval-card.tsx'

/** A card on the page, for a task that is known here unless said otherwise. */
function show({ isKnown = true }: { isKnown?: boolean } = {}) {
  const task = Task.parse({
    id: createId(),
    workspaceId: createId(),
    title: 't',
    payload: {
      kind: 'command',
      command: 'rm',
      args: ['a\u200b.txt', '\u202eexe.txt'],
      cwd: 'src',
      ports: [3_000],
      network: ['packages.example.org', '@npm'],
      env: { NODE_OPTIONS: '--require ./x.cjs', TWO: 'lines\nPATH=/' },
    },
    timeoutMs: 90_000,
    gate: { summary: 'Is the garden\u202e shut?' },
    state: 'awaiting_approval',
    attempt: 0,
    attempts: [],
    createdBy: createId(),
    createdByName: 'Mira',
    createdAt: 0,
  })
  const approval: Approval = {
    id: createId(),
    subject: { task: task.id },
    action: 'command',
    summary: 'rm',
    reason: 'The policy asks.',
    argsHash: '',
    risk: 'high',
    state: 'pending',
    createdAt: 0,
    expiresAt: 1,
  }
  const ask = vi.fn<(body: unknown) => void>()
  const host = document.body.appendChild(document.createElement('div'))
  const root = createRoot(host)
  const session = { tasks: createState(new Map(isKnown ? [[task.id, task]] : [])), requests: { ask } }
  root.render(
    <SessionContext value={session as unknown as Session}>
      <ApprovalCard approval={approval} />
    </SessionContext>,
  )
  const end = () => {
    root.unmount()
    host.remove()
  }
  const card = page.getByRole('region', { name: 'A command needs your approval' })
  return { card, approval, ask, end }
}

test('[UI-51] [SBX-272] the card shows all that would run: command, folder, time, variables and hosts, nothing unseen', async () => {
  const { card, approval, ask, end } = show()
  await expect.element(card).toBeVisible()
  const text = card.element().textContent
  expect(text).toContain("rm 'a⟨U+200B⟩.txt' '⟨U+202E⟩exe.txt'")
  expect(text).toContain('In src, for at most 1 min 30 s, with these variables set.')
  expect(text).toContain('Is the garden⟨U+202E⟩ shut?')
  expect(text).toContain('NODE_OPTIONS=--require ./x.cjs\nTWO=lines⟨U+000A⟩PATH=/')
  expect(text).toContain('packages.example.org\n@npm')
  expect(text).toContain('Its machine reaches it at the port 3000.')
  await card.getByRole('button', { name: 'Allow for this task' }).click()
  expect(ask.mock.calls).toEqual([[{ kind: 'approve', approval: approval.id }]])
  end()
})

test('[UI-51] a command that is not here whole can be denied, not allowed', async () => {
  const { card, end } = show({ isKnown: false })
  await expect.element(card.getByRole('button', { name: 'Allow for this task' })).toBeDisabled()
  await expect.element(card.getByRole('button', { name: 'Deny' })).toBeEnabled()
  end()
})
