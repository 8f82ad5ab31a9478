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

test('[SBX-234] what a command left for others to run is said with its place, and what is still there as an alert', async () => {
  const setAside = { folder: '.tandem/quarantine/x.1', paths: ['.envrc', 'a/.vscode'], left: ['b/.idea'] }
  const task = make({
    line: 'make',
    state: 'completed',
    result: { exitCode: 0, sandbox: 'full', setAside },
    completedAt: now,
  })
  const { host, end } = showMonitor({ tasks: [task] })
  await expect.element(page.getByText(/^Set aside/)).toBeVisible()
  expect(host.textContent).toContain('It lies in .tandem/quarantine/x.1 of the folder')
  expect(page.getByRole('region', { name: 'Set aside' }).element().textContent).toContain('.envrca/.vscode')
  expect(page.getByRole('alert').element().textContent).toContain('b/.idea')
  end()
})

test('[UI-227] what a policy refused says so and where that is changed, and is not tried again; what somebody denied says who', async () => {
  const refused = make({
    line: 'sudo ls',
    state: 'failed',
    completedAt: now,
    result: { error: "command 'sudo' not allowed", code: 'command-denied' },
  })
  const denied = make({
    line: 'rm a',
    state: 'cancelled',
    createdAt: now - 90_000,
    completedAt: now,
    result: { error: 'Mira said no', code: 'not-approved' },
  })
  const { host, end } = showMonitor({ tasks: [refused, denied] })
  await page.getByRole('button', { name: /^sudo ls refused/ }).click()
  await expect.element(page.getByText('Refused by the policy of the machine that was to run it.')).toBeVisible()
  expect(host.textContent).toContain('~/.config/tandem/policy.json')
  await expect.element(page.getByRole('button', { name: 'Run again' })).toBeVisible()
  expect(page.getByRole('button', { name: 'Try again' }).elements()).toEqual([])
  await expect.element(page.getByRole('button', { name: /^rm a denied by Mira/ })).toBeVisible()
  end()
})
