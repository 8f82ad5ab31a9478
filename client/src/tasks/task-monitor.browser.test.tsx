import { createId } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import axe from 'axe-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { begun, laptop, make, me, mira, now, showMonitor } from './test-monitor.tsx'

let end = () => {}
beforeEach(() => page.viewport(1190, 520))
afterEach(() => end())
const show = (options: Parameters<typeof showMonitor>[0]) => {
  const monitor = showMonitor(options)
  end = monitor.end
  return monitor
}
const button = (name: string | RegExp) => page.getByRole('button', { name })
const cards = () => [...document.querySelectorAll<HTMLElement>('[data-card]')]
const focused = () => document.activeElement?.getAttribute('data-card')

test('[UI-161] [S124] [S125] of thousands of tasks those on the screen are rendered, and the keyboard walks and unfolds them', async () => {
  const tasks = Array.from({ length: 3_000 }, (_, i) =>
    begun({ line: `echo ${i}`, state: 'completed', createdAt: now - i * 1_000, completedAt: now }),
  )
  const ids = tasks.map(({ id }) => id)
  show({ tasks })
  await expect.element(button(/^echo 0 passed/)).toBeVisible()
  expect(cards().length).toBeLessThan(60)
  cards()[0]?.focus()
  await userEvent.keyboard('{ArrowDown}{ArrowDown}')
  expect(focused()).toBe(ids[2])
  await userEvent.keyboard('{ArrowRight}')
  await expect.element(page.getByText('the workspace folder')).toBeVisible()
  await userEvent.keyboard('{ArrowLeft}')
  await expect.element(page.getByText('the workspace folder')).not.toBeInTheDocument()
  await userEvent.keyboard('{End}')
  await expect.poll(focused).toBe(ids.at(-1))
  await expect.element(button(/^echo 2999 passed/)).toBeVisible()
  // One stop for the Tab key, wherever the list is scrolled to.
  const stops = () => cards().filter(({ tabIndex }) => tabIndex === 0)
  expect(stops().map((card) => card.dataset['card'])).toEqual([ids.at(-1)])
  await userEvent.keyboard('{Enter}')
  await expect.element(page.getByRole('log')).toHaveFocus()
  await userEvent.keyboard('{Escape}')
  await expect.poll(focused).toBe(ids.at(-1))
})

test('[S126] [S129] unfolded, a task shows all that it was given, whatever its kind, and when it was created', async () => {
  const payloads = [
    { kind: 'bash', script: 'cd garden\nls | wc -l' },
    { kind: 'code', language: 'javascript', code: 'const beds = 40\nconsole.log(beds)' },
    { kind: 'agent', prompt: 'Water the tulips.\nThen the pond.' },
  ] as const
  show({ tasks: payloads.map((payload, i) => make({ payload, createdAt: now - 120_000 - i })) })
  await expect.poll(() => cards().length).toBe(3)
  cards()[0]?.focus()
  await userEvent.keyboard('{ArrowRight}{ArrowDown}{ArrowRight}{ArrowDown}{ArrowRight}')
  const blocks = () => [...document.querySelectorAll('[data-list] pre')]
  const given = ['cd garden\nls | wc -l', 'const beds = 40\nconsole.log(beds)', 'Water the tulips.\nThen the pond.']
  await expect
    .poll(() =>
      blocks()
        .map(({ textContent }) => textContent)
        .toSorted(),
    )
    .toEqual(given.toSorted())
  const kinds = new Set(blocks().map((block) => block.getAttribute('aria-label')))
  expect(kinds).toEqual(new Set(['agent', 'bash script', 'javascript']))
  const created = [...document.querySelectorAll('[data-list] dl')].map(({ textContent }) => textContent)
  expect(created.every((text) => text?.includes('created2 minutes ago'))).toBe(true)
})

test('[UI-162] chips and fields narrow the list and count what they would leave', async () => {
  const tasks = [
    begun({ line: 'npm run dev' }),
    begun({ line: 'npm test', state: 'failed', completedAt: now, createdBy: me, createdByName: 'Me' }),
    begun({ line: 'npm run lint', state: 'failed', completedAt: now }),
  ]
  show({ tasks })
  await button('Failed 2').click()
  await expect.poll(() => cards().length).toBe(2)
  cards()[0]?.focus()
  await userEvent.keyboard('/')
  await expect.element(page.getByRole('textbox', { name: /^Words in the command/ })).toHaveFocus()
  await userEvent.keyboard('lint')
  await expect.poll(() => cards().length).toBe(1)
  await userEvent.clear(page.getByRole('textbox', { name: /^Words in the command/ }))
  await userEvent.selectOptions(page.getByRole('combobox', { name: 'By whom' }), 'You (1)')
  await expect.element(button(/^npm test failed/)).toBeVisible()
  await userEvent.selectOptions(page.getByRole('combobox', { name: 'Daemon' }), 'laptop (1)')
  await page.getByRole('textbox', { name: /^Words in the command/ }).fill('nowhere')
  await expect.element(page.getByText('No task is like that.')).toBeVisible()
  await button('Show all').click()
  await expect.poll(() => cards().length).toBe(3)
})

test('[UI-164] a command asked for offline waits for the connection, and becomes the task once', async () => {
  const monitor = show({ phase: 'offline' })
  await page.getByLabelText('Command to run in the workspace').fill('npm test')
  await userEvent.keyboard('{Enter}')
  await expect.element(button(/^npm test waiting for the connection/)).toBeVisible()
  await expect.element(page.getByText(/It will be sent when the connection is back/)).toBeVisible()
  const [id] = monitor.requests.snapshot().keys()
  monitor.link.set({ phase: 'connected' })
  monitor.set(begun({ id: id ?? '', createdBy: me, createdByName: 'Me' }))
  await expect.element(button(/^npm test running/)).toBeVisible()
  monitor.requests.drop([id ?? ''])
  await expect.element(button(/^npm test running/)).toBeVisible()
  expect(cards()).toHaveLength(1)
})

test('[UI-229] what was asked for offline is withdrawn before it is sent', async () => {
  const monitor = show({ phase: 'offline' })
  await page.getByLabelText('Command to run in the workspace').fill('npm test')
  await userEvent.keyboard('{Enter}')
  await button('Withdraw').click()
  await expect.element(page.getByText(/^Nothing has been run yet/)).toBeVisible()
  expect(monitor.requests.isEmpty()).toBe(true)
})

test('[UI-163] [UI-171] [UI-172] [UI-173] a task says why it waits, and once it has ended how, in which attempt, and what it kept', async () => {
  const blob = 'a'.repeat(64)
  const queued = make({ line: 'npm run docs', queuedAt: now })
  const ended = begun({
    state: 'failed',
    attempt: 2,
    completedAt: now,
    attempts: [
      { n: 1, daemonId: laptop.id, startedAt: now - 30_000, endedAt: now - 20_000, outcome: 'timed_out' },
      { n: 2, daemonId: laptop.id, startedAt: now - 12_000, endedAt: now, outcome: 'failed', exitCode: 2 },
    ],
    result: { exitCode: 2, artifacts: [{ path: 'out/a b.txt', blob, size: 2_048 }] },
  })
  const slots = Array.from({ length: 3 }, () => begun({ line: 'sleep 1' }))
  const monitor = show({ tasks: [queued, ended, ...slots] })
  monitor.write({ ...ended, attempt: 1 }, 'of the first\n')
  monitor.write(ended, 'of the second\n')
  await button(/^npm run docs queued/).click()
  await expect.element(page.getByText('All slots of laptop are in use. Next in the queue.')).toBeVisible()
  await button(/^npm test failed/).click()
  await expect.element(page.getByText('Ended with exit code 2 after 12 s on laptop.')).toBeVisible()
  await expect
    .element(page.getByRole('img', { name: /^Course: .*attempt 1 ran 10 s.*attempt 2 ran 12 s$/ }))
    .toBeVisible()
  await expect.element(page.getByText('of the second')).toBeVisible()
  await button(/^Attempt 1 timed out/).click()
  await expect.element(page.getByText('of the first')).toBeVisible()
  const kept = page.getByRole('link', { name: 'out/a b.txt 2.0 KB' })
  await expect
    .element(kept)
    .toHaveAttribute('href', expect.stringContaining(`/tasks/${ended.id}/artifacts/out/a%20b.txt`))
})

test('[UI-174] a task is cancelled, ended when asked twice, tried again, run again, and changed to be run', async () => {
  const task = begun({ payload: { kind: 'command', command: 'npm', args: ['test'], cwd: 'web', shell: false } })
  const monitor = show({ tasks: [task] })
  const asked = () => monitor.ask.mock.calls.map(([body]) => body)
  await button('Cancel').click()
  await expect.element(button('Cancelling…')).toBeDisabled()
  monitor.requests.drop(monitor.requests.snapshot().keys())
  monitor.set({ ...task, state: 'cancelling', cancel: { by: me, at: now, force: false } })
  await button('End it now').click()
  monitor.requests.drop(monitor.requests.snapshot().keys())
  monitor.set({ ...task, state: 'failed', completedAt: now, result: { exitCode: 1 } })
  await button('Try again').click()
  await expect.element(button('Trying…')).toBeDisabled()
  await button('Change the command and run it').click()
  const box = page.getByLabelText('Command to run in the workspace')
  await expect.element(box).toHaveValue('npm test')
  await expect.element(page.getByText('in web')).toBeVisible()
  await box.fill('npm test -- --watch')
  await userEvent.keyboard('{Enter}')
  await button(/^npm test failed/).click()
  await button('Run again').click()
  expect(asked()).toMatchObject([
    { kind: 'cancel', task: task.id, force: false },
    { kind: 'cancel', task: task.id, force: true },
    { kind: 'retry', task: task.id },
    { kind: 'create', task: { payload: { command: 'npm test -- --watch', shell: true, cwd: 'web' } } },
    { kind: 'rerun', task: task.id },
  ])
  // The new run is what is looked at now.
  await expect.element(page.getByText(/^Asking the server to run it/)).toBeVisible()
})

test('[UI-174] who may not run commands is told so', async () => {
  show({ tasks: [begun()], role: 'viewer' })
  await expect.element(button('Cancel')).toBeDisabled()
  await expect.element(button('Cancel')).toHaveAttribute('title', 'As viewer you may not run commands.')
})

test('[UI-51] the question of the chosen task stands beside it, and those of others above the list', async () => {
  const asking = [
    make({ line: 'rm a', state: 'awaiting_approval' }),
    make({ line: 'rm b', state: 'awaiting_approval' }),
  ]
  const approvals = asking.map(({ id }): Approval => ({
    id: createId(),
    subject: { task: id },
    action: 'command',
    summary: 'rm',
    reason: 'The policy asks.',
    argsHash: '',
    risk: 'high',
    state: 'pending',
    createdAt: now,
    expiresAt: now + 9_999,
  }))
  const { host } = show({ tasks: asking, approvals })
  await button(/^rm b needs approval/).click()
  const detail = page.getByRole('region', { name: 'Task rm b' })
  await expect.element(detail.getByRole('button', { name: 'Allow once' })).toBeVisible()
  await expect.poll(() => page.getByRole('button', { name: 'Allow once' }).elements().length).toBe(2)
  // [UI-226] In a low dock the other is a line that leads to it, and the answers to the chosen one are in sight.
  host.style.height = '238px'
  await expect.poll(() => page.getByRole('button', { name: 'Allow once' }).elements().length).toBe(1)
  const allow = detail.getByRole('button', { name: 'Allow once' }).element().getBoundingClientRect()
  expect(allow.bottom).toBeLessThanOrEqual(host.getBoundingClientRect().bottom)
  await button(/^Another command needs your approval/).click()
  await expect.element(page.getByRole('region', { name: 'Task rm a' })).toBeVisible()
})

test('[UI-176] [S132] loading, empty, offline and refused each say what they are', async () => {
  show({ ready: false })
  await expect.element(page.getByRole('status', { name: 'Loading tasks' })).toBeInTheDocument()
  end()
  show({})
  await expect.element(page.getByText(/^Nothing has been run yet/)).toBeVisible()
  end()
  show({ tasks: [begun()], phase: 'offline' })
  await expect.element(page.getByText(/^Offline: these are the tasks/)).toBeVisible()
  end()
  show({ ready: false, refused: 'not-ready' })
  await expect.element(page.getByText(/^The server said: not-ready/)).toBeVisible()
})

test('[UI-169] an address opens the task, the attempt and the line it names', async () => {
  const task = begun({ state: 'completed', completedAt: now })
  history.replaceState(null, '', `#task=${task.id}&attempt=1&at=8900`)
  const monitor = show({ tasks: [begun({ line: 'npm run dev' }), task] })
  monitor.write(task, Array.from({ length: 1_000 }, (_, i) => `line ${String(i).padStart(4, '0')}\n`).join(''))
  await expect.element(page.getByText('line 0890')).toBeVisible()
  expect(page.getByText('line 0890').element().closest('[data-chosen]')).not.toBeNull()
})

test('[UI-224] an address that named a task names it no more once another is chosen', async () => {
  const [old, next] = [begun({ line: 'npm run dev' }), begun({ line: 'npm run docs' })]
  history.replaceState(null, '', `#task=${old.id}&attempt=1&at=60`)
  show({ tasks: [old, next] })
  await expect.element(page.getByRole('region', { name: 'Task npm run dev' })).toBeVisible()
  await button(/^npm run docs running/).click()
  await expect.element(page.getByRole('region', { name: 'Task npm run docs' })).toBeVisible()
  expect(location.hash).toBe('')
})

test('[UI-161] where there is room for one alone, the task takes the place of the list and gives it back', async () => {
  await page.viewport(400, 760)
  show({ tasks: [begun({ createdBy: mira })], size: { width: 400, height: 760 } })
  await expect.element(button(/^npm test running/)).toBeVisible()
  expect(page.getByRole('log').elements()).toEqual([])
  await button(/^npm test running/).click()
  await expect.element(page.getByRole('log')).toBeVisible()
  await page.getByRole('button', { name: 'Tasks', exact: true }).click()
  await expect.element(button(/^npm test running/)).toBeVisible()
  await expect.poll(focused).not.toBeNull()
})

test.each(['dark', 'light'] as const)('[UI-45] no barrier in the tasks that axe can find, %s', async (theme) => {
  document.documentElement.dataset['theme'] = theme
  const task = begun({
    state: 'failed',
    attempt: 2,
    completedAt: now,
    attempts: [
      { n: 1, daemonId: laptop.id, startedAt: now - 30_000, endedAt: now - 20_000, outcome: 'failed' },
      { n: 2, daemonId: laptop.id, startedAt: now - 12_000, endedAt: now, outcome: 'failed' },
    ],
    result: { exitCode: 1, error: 'It broke.', artifacts: [{ path: 'a.txt', blob: 'a'.repeat(64), size: 1 }] },
  })
  const monitor = show({ tasks: [task, begun({ line: 'npm run dev' }), make({ line: 'npm run docs' })] })
  monitor.write(task, '::group::One\n\u001b[32mgreen\u001b[0m words\n::endgroup::\nmore words\n')
  await button(/^npm test failed/).click()
  await button('Search the output').click()
  await userEvent.keyboard('words{Enter}')
  await button('More filters').click()
  await button('Show more').first().click()
  const runOnly = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']
  const { violations } = await axe.run(document, { runOnly })
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 200)).join(', ')}`)).toEqual([])
})
