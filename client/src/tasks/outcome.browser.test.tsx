import axe from 'axe-core'
import type { SandboxState } from '@tandem/shared/docs'
import type { Task } from '@tandem/shared'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page } from 'vitest/browser'
import { begun, now, showMonitor } from './test-monitor.tsx'

let end = () => {}
beforeEach(() => page.viewport(1190, 820))
afterEach(() => {
  end()
  vi.restoreAllMocks()
})

const show = (options: Parameters<typeof showMonitor>[0]) => {
  const monitor = showMonitor({ size: { width: 1190, height: 800 }, ...options })
  end = monitor.end
  return monitor
}
const ended = (part: Partial<Task> & { line?: string }) => begun({ state: 'failed', completedAt: now - 1_000, ...part })
const code = {
  kind: 'code' as const,
  language: 'typescript' as const,
  code: 'export default async (env) => {\n  return env.FS.readFile(42n)\n}',
}
const execution = { id: crypto.randomUUID(), ranIn: 'isolate' as const, output: '', logs: [] }
const barriers = async () => {
  const { violations } = await axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'],
  })
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)
}
const failedCode = ended({
  payload: code,
  result: {
    sandbox: 'full',
    exitCode: 1,
    error: 'main:2:10: TypeError: a path is a string',
    execution: {
      ...execution,
      success: false,
      errors: [
        { category: 'runtime', name: 'TypeError', message: 'a path is a string', module: 'main', line: 2, column: 10 },
      ],
      logs: [
        { level: 'log', text: 'reading the beds' },
        { level: 'warn', text: 'the pond is low' },
        { level: 'error', text: 'no such bed' },
      ],
    },
  },
})

test('[UI-237] [S164] how code failed is said once, with its line, a mark and what it wrote by level', async () => {
  const { host } = show({ tasks: [failedCode] })
  const came = page.getByRole('region', { name: 'What came of the code' })
  await expect.element(came).toBeVisible()
  const text = host.textContent
  expect(text).toContain('Failed, in an isolate of its own.')
  expect(text).toContain('It threw an error at line 2, column 10: TypeError: a path is a string')
  expect(text.match(/a path is a string/g)).toHaveLength(1)
  expect(came.getByLabelText('Where it failed').element().textContent).toBe(
    '1 │ export default async (env) => {\n2 │   return env.FS.readFile(42n)\n  │          ^',
  )
  await came.getByText('Console: 3 lines, 1 of them errors').click()
  await came.getByRole('button', { name: 'warn 1' }).click()
  expect([...came.element().querySelectorAll('li')].map((each) => each.textContent)).toEqual(['warn the pond is low'])
})

test('[UI-237] [S150] what code gave is shown laid out, with what ran it, and copied', async () => {
  const written = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue()
  show({
    tasks: [
      ended({
        state: 'completed',
        payload: code,
        result: {
          sandbox: 'full',
          execution: { ...execution, ranIn: 'node', success: true, errors: [], result: '{"beds":40}', truncated: true },
        },
      }),
    ],
  })
  await expect.element(page.getByLabelText('Result')).toHaveTextContent('{ "beds": 40 }')
  await expect
    .element(page.getByText(/^Gave this result, as Node in the sandbox. Not all .+: the file execution.json/))
    .toBeVisible()
  await page.getByRole('button', { name: 'Copy the result' }).click()
  expect(written).toHaveBeenCalledWith('{\n  "beds": 40\n}')
})

test('[UI-236] [SBX-280] the hosts that were refused are named, and asked for in one step', async () => {
  const { ask, host } = show({
    tasks: [
      ended({
        payload: {
          kind: 'command',
          command: 'npm test',
          args: [],
          cwd: 'web',
          shell: true,
          network: ['@npm'],
          ports: [3_000],
        },
        timeoutMs: 60_000,
        result: {
          exitCode: 1,
          wantedNetwork: true,
          refusedHosts: ['fonts.example.org:443', '[::1]:5432'],
          error: 'it ended with exit code 1; it was refused the way to fonts.example.org:443, [::1]:5432',
        },
      }),
    ],
  })
  await expect.element(page.getByRole('button', { name: 'Ask for it' })).toBeVisible()
  expect(host.textContent.match(/the way to/g)).toHaveLength(1)
  await page.getByRole('button', { name: 'Ask for it' }).click()
  await expect.element(page.getByText('in web, reached at 3000, for at most 1 minute')).toBeVisible()
  await expect.element(page.getByLabelText('It may reach')).toHaveValue('@npm, fonts.example.org')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  expect(ask.mock.lastCall?.[0]).toMatchObject({
    kind: 'create',
    task: {
      timeoutMs: 60_000,
      payload: { command: 'npm test', cwd: 'web', network: ['@npm', 'fonts.example.org'], ports: [3_000] },
    },
  })
})

test('[UI-235] [SBX-234] what was set aside is listed with the line that moves it back', async () => {
  const written = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue()
  const setAside = { folder: '.tandem/quarantine/x.1', paths: ['.envrc', 'a/.vscode'], left: [] }
  show({ tasks: [ended({ line: 'make', state: 'completed', result: { exitCode: 0, sandbox: 'full', setAside } })] })
  const aside = page.getByRole('region', { name: 'Set aside' })
  await aside.getByRole('button', { name: 'Copy the command that moves a/.vscode back' }).click()
  expect(written).toHaveBeenCalledWith('mv -n -- .tandem/quarantine/x.1/a/.vscode a/.vscode')
})

test('[UI-238] a limit that ended a task is named once, with the place where it is set; what of an output was not kept, why', async () => {
  const unkept = 'the server has kept as much of this task as it may'
  const { host } = show({
    tasks: [
      ended({
        line: 'node grow.mjs',
        attempts: [{ n: 1, daemonId: begun().attempts[0]?.daemonId ?? '', startedAt: now - 9_000 }],
        result: {
          exitCode: null,
          signal: 'SIGKILL',
          sandbox: 'full',
          code: 'memory-limit',
          error: 'it used more memory than allowed',
          output: { bytes: 9, truncated: false, tail: 'x', unkept },
        },
      }),
    ],
  })
  await expect.element(page.getByText(/^Ended at a limit after .+ on laptop: it used more memory/)).toBeVisible()
  expect(host.textContent.match(/more memory than allowed/g)).toHaveLength(1)
  expect(host.textContent).toContain(
    'The owner of that machine sets its limits, in ~/.config/tandem/policy.json there.',
  )
  expect(host.textContent).toContain(`Of its output only the end is kept: ${unkept}.`)
})

test('[UI-234] each task says behind which walls it ran, and one without says so in the list', async () => {
  const { host } = show({
    tasks: [
      ended({ line: 'make all', state: 'completed', result: { exitCode: 0, sandbox: 'none' } }),
      ended({ line: 'make some', state: 'completed', createdAt: 2, result: { exitCode: 0, sandbox: 'reduced' } }),
      ended({ line: 'make none', state: 'completed', createdAt: 1, result: { exitCode: 0, sandbox: 'full' } }),
    ],
  })
  await expect.element(page.getByRole('button', { name: /^make all passed no sandbox/ })).toBeVisible()
  await expect.element(page.getByRole('button', { name: /^make some passed reduced sandbox/ })).toBeVisible()
  expect(page.getByRole('button', { name: /^make none/ }).element().textContent).not.toContain('sandbox')
  expect(host.textContent).toContain('This ran without a sandbox')
  await page.getByRole('button', { name: /^make none/ }).click()
  await expect.poll(() => host.textContent).toContain('sandboxfull')
})

test('[UI-234] [SBX-204] what runs without a sandbox says so while it runs', async () => {
  show({ tasks: [begun({ line: 'make all' })], sandbox: { tier: 'unsafe', reason: 'The owner wants it' } })
  await expect.element(page.getByRole('button', { name: /^make all running no sandbox/ })).toBeVisible()
})

const states: readonly [SandboxState, string | undefined][] = [
  [{ tier: 'full' }, undefined],
  [
    { tier: 'reduced', reason: 'This container has no user namespaces', fix: 'See npm run tandem -- doctor.' },
    'Commands run in a reduced sandbox, which holds less than the full one.This container has no user namespaces. See npm run tandem -- doctor.',
  ],
  [
    {
      tier: 'none',
      reason: 'bubblewrap (bwrap) is not installed',
      fix: 'Install it: sudo apt-get install -y bubblewrap.',
    },
    'Commands are refused: bubblewrap (bwrap) is not installed. Install it: sudo apt-get install -y bubblewrap.',
  ],
  [
    { tier: 'unsafe', reason: 'The owner started it with --unsafe-no-sandbox' },
    'Commands run without a sandbox: they can reach everything their daemon’s user can.',
  ],
]

test.each(states)('[UI-233] [SBX-203] before a command is run it is said what holds it: %o', async (sandbox, words) => {
  const written = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue()
  const { host } = show({ tasks: [failedCode], sandbox })
  await expect.element(page.getByRole('region', { name: 'What came of the code' })).toBeVisible()
  if (words === undefined) return expect(host.textContent).not.toMatch(/Commands (are|run)|reduced/)
  await expect.poll(() => host.textContent).toContain(words)
  if (sandbox.tier === 'reduced') {
    await page.getByText(/Commands run in a reduced sandbox/).click()
    await expect.element(page.getByText(/^This container has no user namespaces/)).toBeVisible()
  }
  if (sandbox.tier !== 'none') return
  await page.getByRole('button', { name: 'Copy sudo apt-get install -y bubblewrap' }).click()
  expect(written).toHaveBeenCalledWith('sudo apt-get install -y bubblewrap')
})

test.each(['dark', 'light'] as const)(
  '[UI-45] [UI-237] no barrier that axe can find beside an outcome, %s',
  async (theme) => {
    document.documentElement.dataset['theme'] = theme
    const setAside = { folder: '.tandem/quarantine/x.1', paths: ['.envrc', 'a/.vscode'], left: ['b/.idea'] }
    show({
      tasks: [
        failedCode,
        ended({
          line: 'make',
          createdAt: 1,
          result: { exitCode: 1, sandbox: 'reduced', setAside, refusedHosts: ['a.b:1'] },
        }),
      ],
      sandbox: { tier: 'none', reason: 'bubblewrap is not installed', fix: 'Install it: sudo apk add bubblewrap.' },
    })
    const shoot = (name: string) =>
      page.screenshot({
        path: `../../../artifacts/screenshots/${name}-${theme}.png`,
        element: page.elementLocator(document.body),
      })
    await page.getByText('Console: 3 lines, 1 of them errors').click()
    await shoot('66-code-failed')
    expect(await barriers()).toEqual([])
    await page.getByRole('button', { name: /^make failed/ }).click()
    await expect.element(page.getByRole('region', { name: 'Set aside' })).toBeVisible()
    await shoot('67-set-aside')
    expect(await barriers()).toEqual([])
  },
)
