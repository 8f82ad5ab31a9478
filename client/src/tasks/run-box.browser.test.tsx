import { afterEach, beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { begun, showMonitor } from './test-monitor.tsx'

let end = () => {}
beforeEach(() => page.viewport(1190, 520))
afterEach(() => end())

const box = () => page.getByLabelText('Command to run in the workspace')
const inTerminal = () => page.getByRole('button', { name: 'Run in a terminal' })

test('[UI-187] a command is run in a terminal, once; one that is changed and run again is at one too', async () => {
  const terminal = { cols: 100, rows: 30 }
  const ended = begun({
    payload: { kind: 'command', command: 'htop', args: [], cwd: '', shell: true, terminal },
    state: 'completed',
  })
  const monitor = showMonitor({ tasks: [ended] })
  end = monitor.end
  const asked = () => {
    const body = monitor.ask.mock.calls.at(-1)?.[0]
    return body?.kind === 'create' ? body.task.payload : undefined
  }
  await inTerminal().click()
  await expect.element(box()).toHaveFocus()
  await userEvent.keyboard('bash{Enter}')
  await expect.poll(asked).toMatchObject({ command: 'bash', terminal: { cols: 80, rows: 24 } })
  await expect.element(inTerminal()).toHaveAttribute('aria-pressed', 'false')
  await box().fill('npm test')
  await userEvent.keyboard('{Enter}')
  await expect.poll(asked).toEqual({ kind: 'command', command: 'npm test', shell: true })

  await page.getByRole('button', { name: /^htop/ }).click()
  await page.getByRole('button', { name: 'Change the command and run it' }).click()
  await expect.element(inTerminal()).toHaveAttribute('aria-pressed', 'true')
  await box().fill('htop -d 5')
  await userEvent.keyboard('{Enter}')
  await expect.poll(asked).toMatchObject({ command: 'htop -d 5', terminal })
})
