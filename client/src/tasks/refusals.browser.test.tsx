import { afterEach, beforeEach, expect, test } from 'vitest'
import axe from 'axe-core'
import { page, userEvent } from 'vitest/browser'
import { begun, make, now, showMonitor } from './test-monitor.tsx'

let end = () => {}
beforeEach(() => page.viewport(1190, 520))
afterEach(() => end())
const show = (options: Parameters<typeof showMonitor>[0] = {}) => {
  const monitor = showMonitor(options)
  end = monitor.end
  /** As the server answers what was asked for last. */
  const refuseLast = (reason: string) => {
    const id = [...monitor.requests.snapshot().keys()].at(-1) ?? ''
    monitor.requests.drop([id], new Map([[id, reason]]), now)
  }
  return { ...monitor, refuseLast }
}
const button = (name: string | RegExp) => page.getByRole('button', { name })
const run = async (line: string) => {
  await page.getByLabelText('Command to run in the workspace').click()
  await userEvent.keyboard(`${line}{Enter}`)
}

test('[UI-202] a command that is refused says why beside it, is asked for again, changed and dismissed', async () => {
  const { refuseLast, ask, requests } = show()
  await run('npm test')
  await expect.element(page.getByText(/^Asking the server to run it/)).toBeVisible()
  refuseLast('too many tasks are waiting')
  await expect.element(button(/^npm test refused too many tasks are waiting/)).toBeVisible()
  await expect
    .element(page.getByRole('alert'))
    .toHaveTextContent('Running this was refused: too many tasks are waiting.')
  expect((await axe.run(document.body)).violations).toEqual([])
  await button('Ask again').click()
  expect(ask.mock.calls.map(([body]) => body.kind)).toEqual(['create', 'create'])
  await expect.element(page.getByText(/^Asking the server to run it/)).toBeVisible()
  await expect.poll(() => requests.refusals.snapshot().size).toBe(0)
  refuseLast('too many tasks are waiting')
  await button('Change and run').click()
  await expect.element(page.getByLabelText('Command to run in the workspace')).toHaveValue('npm test')
  await button('Dismiss').click()
  await expect.element(page.getByText(/^Nothing has been run yet/)).toBeVisible()
})

test('[UI-203] what was refused of a task stands beside it, and among what needs a look while another is chosen', async () => {
  const running = begun({ line: 'npm run dev' })
  const { refuseLast, requests } = show({ tasks: [running, make({ line: 'npm run lint' })] })
  await button(/^npm run dev/).click()
  await button('Cancel').click()
  refuseLast('cancelling tasks of others needs the role runner')
  const note = page.getByText(/^npm run dev Cancelling was refused: cancelling tasks of others needs the role runner\./)
  await expect.element(note).toBeVisible()
  expect(note.element().closest('[data-detail]')).not.toBeNull()
  await expect.element(button('Cancel')).toBeEnabled()
  await button(/^npm run lint/).click()
  await expect.element(note).toBeVisible()
  expect(note.element().closest('[data-detail]')).toBeNull()
  await button('Dismiss').click()
  await expect.element(note).not.toBeInTheDocument()
  expect(requests.refusals.snapshot().size).toBe(0)
})

test('[UI-163] a row that is blocked or scheduled says what it waits for', async () => {
  show({
    tasks: [
      make({ line: 'npm run deploy', state: 'blocked', reason: 'waits for npm run docs' }),
      make({ line: 'npm publish', state: 'scheduled', runAt: now + 3_600_000 }),
    ],
  })
  await expect.element(button(/^npm run deploy blocked .*npm run docs/)).toBeVisible()
  await expect.element(button(/^npm publish scheduled/)).toBeVisible()
  const rows = [...document.querySelectorAll('[data-card]')].map((card) => card.textContent)
  expect(rows.some((text) => /scheduled.*(created)/.test(text))).toBe(false)
})
