import '../ui/base.css'
import '../ui/tokens.css'
import { createId, Task } from '@tandem/shared'
import { createRoot } from 'react-dom/client'
import { expect, test } from 'vitest'
import { page } from 'vitest/browser'
import { SessionContext } from '../session/session-context.ts'
import type { Session } from '../session/session.ts'
import { createState } from '../session/state.ts'
import { TaskDetail } from './task-detail.tsx'

test('[UI-52] a task that nobody allowed says so once, and not as an error', async () => {
  const task = Task.parse({
    id: createId(),
    workspaceId: createId(),
    title: 't',
    payload: { kind: 'command', command: 'rm a', shell: true },
    state: 'cancelled',
    reason: 'Mira said no',
    result: { error: 'Mira said no', code: 'not-approved' },
    attempt: 0,
    attempts: [],
    createdBy: createId(),
    createdByName: 'Mira',
    createdAt: 0,
    completedAt: 1,
  })
  const session = {
    link: createState({ phase: 'connected' }),
    identity: createState({ claims: { role: 'owner' } }),
    serverNow: () => 2,
  }
  const host = document.body.appendChild(document.createElement('div'))
  const root = createRoot(host)
  root.render(
    <SessionContext value={session as unknown as Session}>
      <TaskDetail item={{ id: task.id, at: 0, task }} />
    </SessionContext>,
  )
  await expect.element(page.getByText('It did not run.')).toBeVisible()
  expect(host.textContent.match(/Mira said no/g)).toHaveLength(1)
  expect(host.textContent).toContain('Not approved: Mira said no')
  expect(host.textContent).not.toContain('error:')
  expect(page.getByRole('alert').elements()).toEqual([])
  root.unmount()
  host.remove()
})
