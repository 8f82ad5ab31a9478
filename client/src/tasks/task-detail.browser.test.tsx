import { expect, test } from 'vitest'
import { page } from 'vitest/browser'
import { make, now, showMonitor } from './test-monitor.tsx'

test('[UI-52] a task that nobody allowed says so once, and not as an error', async () => {
  const task = make({
    line: 'rm a',
    state: 'cancelled',
    reason: 'Mira said no',
    result: { error: 'Mira said no', code: 'not-approved' },
    completedAt: now,
  })
  const { host, end } = showMonitor({ tasks: [task] })
  await expect.element(page.getByText('It did not run.')).toBeVisible()
  expect(host.textContent.match(/Mira said no/g)).toHaveLength(1)
  expect(host.textContent).toContain('Not approved: Mira said no')
  expect(host.textContent).not.toContain('error:')
  expect(page.getByRole('alert').elements()).toEqual([])
  end()
})
