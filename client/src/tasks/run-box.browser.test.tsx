import { afterEach, beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { begun, showMonitor } from './test-monitor.tsx'

let end = () => {}
beforeEach(() => page.viewport(1190, 520))
afterEach(() => end())

const box = () => page.getByLabelText('Command to run in the workspace')
const lastTask = ({ ask }: ReturnType<typeof showMonitor>) => {
  const body = ask.mock.calls.at(-1)?.[0]
  return body?.kind === 'create' ? body.task : undefined
}
const inTerminal = () => page.getByRole('button', { name: 'Run in a terminal' })

test('[UI-187] a command is run in a terminal, once; one that is changed and run again is at one too', async () => {
  const terminal = { cols: 100, rows: 30 }
  const ended = begun({
    payload: { kind: 'command', command: 'htop', args: [], cwd: '', shell: true, terminal },
    state: 'completed',
  })
  const monitor = showMonitor({ tasks: [ended] })
  end = monitor.end
  const asked = () => lastTask(monitor)?.payload
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

test('[UI-222] what is run from the page may take an hour; what is changed and run keeps its own limit, which is said', async () => {
  const monitor = showMonitor({ tasks: [begun({ line: 'npm run build', timeoutMs: 300_000 })] })
  end = monitor.end
  await expect.element(page.getByText('5 minutes')).toBeVisible()
  await box().fill('npm test')
  await userEvent.keyboard('{Enter}')
  await expect.poll(() => lastTask(monitor)).toMatchObject({ title: 'npm test', timeoutMs: 3_600_000 })
  await page.getByRole('button', { name: /^npm run build running/ }).click()
  await page.getByRole('button', { name: 'Change the command and run it' }).click()
  await expect.element(page.getByRole('button', { name: /^for at most 5 minutes/ })).toBeVisible()
  await userEvent.keyboard('{Enter}')
  await expect.poll(() => lastTask(monitor)).toMatchObject({ title: 'npm run build', timeoutMs: 300_000 })
})

test('[UI-223] lines that are pasted stay lines, and what was half typed is there again after a look at the past', async () => {
  const monitor = showMonitor({ tasks: [] })
  end = monitor.end
  await box().fill('echo one\necho two')
  await userEvent.keyboard('{Enter}')
  await expect.poll(() => lastTask(monitor)?.payload).toMatchObject({ command: 'echo one\necho two', shell: true })
  await expect.element(page.getByRole('button', { name: /^echo one ⏎ echo two/ })).toBeVisible()
  await box().click()
  await userEvent.keyboard('npm ru{ArrowUp}')
  await expect.element(box()).toHaveValue('echo one\necho two')
  await userEvent.keyboard('{ArrowDown}')
  await expect.element(box()).toHaveValue('npm ru')
  await userEvent.keyboard('{Shift>}{Enter}{/Shift}n')
  await expect.element(box()).toHaveValue('npm ru\nn')
})

test('[UI-240] [SBX-280] the hosts that a command may reach are named as it is run, and what is no host is said before', async () => {
  const monitor = showMonitor()
  end = monitor.end
  await box().fill('npm install')
  await page.getByRole('button', { name: 'Let it reach hosts' }).click()
  const hosts = page.getByLabelText('It may reach')
  await expect.element(hosts).toHaveFocus()
  await userEvent.keyboard('https://a.example/{Enter}')
  await expect.element(page.getByRole('alert').getByText(/is no host/)).toBeVisible()
  await expect.element(page.getByRole('button', { name: 'Run', exact: true })).toBeDisabled()
  box().element().focus()
  await userEvent.keyboard('{Enter}')
  expect(monitor.ask).not.toHaveBeenCalled()
  await hosts.fill('@npm a.example')
  await userEvent.keyboard('{Enter}')
  await expect
    .poll(() => lastTask(monitor)?.payload)
    .toMatchObject({ command: 'npm install', network: ['@npm', 'a.example'] })
  // The next command reaches nothing by itself.
  await expect.element(hosts).not.toBeInTheDocument()
  await box().fill('ls')
  await userEvent.keyboard('{Enter}')
  await expect.poll(() => lastTask(monitor)?.payload).toEqual({ kind: 'command', command: 'ls', shell: true })
})
