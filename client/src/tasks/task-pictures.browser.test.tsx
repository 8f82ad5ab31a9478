import { createId } from '@tandem/shared'
import type { Requests } from '@tandem/shared/docs'
import { afterEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { begun, laptop, make, mira, now, showMonitor } from './test-monitor.tsx'

let end = () => {}
afterEach(() => end())

const build = [
  '\u001b[1m$ npm test\u001b[0m',
  '::group::Install',
  'added 212 packages in 3s',
  '::endgroup::',
  '--- Unit tests',
  ...Array.from(
    { length: 40 },
    (_, i) => ` \u001b[32m✓\u001b[39m garden/bed-${i}.test.ts \u001b[2m(${i + 3} tests)\u001b[22m ${i * 7} ms`,
  ),
  ' \u001b[31m✗\u001b[39m garden/pond.test.ts \u001b[31m1 failed\u001b[39m',
  '   \u001b[7m FAIL \u001b[27m the pond keeps its water',
  '   AssertionError: expected \u001b[33m12\u001b[39m to be \u001b[33m14\u001b[39m',
  '',
].join('\n')

const failed = begun({
  line: 'npm test',
  state: 'failed',
  attempt: 2,
  completedAt: now - 4_000,
  attempts: [
    { n: 1, daemonId: laptop.id, startedAt: now - 50_000, endedAt: now - 41_000, outcome: 'failed', exitCode: 1 },
    { n: 2, daemonId: laptop.id, startedAt: now - 12_000, endedAt: now - 4_000, outcome: 'failed', exitCode: 1 },
  ],
  result: {
    exitCode: 1,
    output: { bytes: 4_000, truncated: false, tail: '' },
    artifacts: [{ path: 'coverage/index.html', blob: 'a'.repeat(64), size: 48_213 }],
  },
})
const running = begun({ line: 'node src/garden.mjs --watch --beds 40' })
const tasks = [
  running,
  begun({ line: 'npm run dev', createdAt: now - 30_000 }),
  begun({ line: 'cargo build --release', createdAt: now - 90_000 }),
  make({ line: 'npm run lint', queuedAt: now - 9_000 }),
  make({ line: 'npm run docs', queuedAt: now - 5_000, createdAt: now - 5_000, groupId: createId() }),
  make({ line: 'npm publish', state: 'scheduled', reason: 'runs at 23:00' }),
  make({ line: 'npm run deploy', state: 'blocked', reason: 'waits for npm run docs' }),
  failed,
  begun({ line: 'git status', state: 'completed', completedAt: now - 11_000, result: { exitCode: 0 } }),
  begun({
    line: 'sleep 100',
    state: 'cancelled',
    completedAt: now - 3_000,
    cancel: { by: mira, at: now, force: false },
    result: {},
  }),
]

const refusals: readonly [Parameters<Requests['ask']>[0], string][] = [
  [
    { kind: 'create', task: { title: 'seed', payload: { kind: 'command', command: 'npm run seed', shell: true } } },
    'more than 60 tasks were created by one within a minute',
  ],
  [{ kind: 'cancel', task: running.id }, 'cancelling tasks of others needs the role runner'],
]
function refuse(requests: Requests, body: Parameters<Requests['ask']>[0], reason: string) {
  const id = requests.ask(body)
  requests.drop([id], new Map([[id, reason]]), now)
}
const fifty = Array.from({ length: 50 }, (_, i) => {
  const line = `npm run job-${i}`
  if (i < 3) return begun({ line })
  if (i < 18) return make({ line, queuedAt: now - 9_000, createdAt: now - 60_000 + i })
  const [state, exitCode] = i % 7 === 0 ? (['failed', 2] as const) : (['completed', 0] as const)
  return begun({ line, state, createdAt: now - i * 60_000, completedAt: now - i * 1_000, result: { exitCode } })
})

test.each(['dark', 'light'] as const)('[UI-46] pictures of the tasks, %s', async (theme) => {
  document.documentElement.dataset['theme'] = theme
  await page.viewport(1190, 520)
  const monitor = showMonitor({ tasks, size: { width: 1190, height: 520 } })
  end = monitor.end
  const shoot = (name: string) =>
    page.screenshot({
      path: `../../../artifacts/screenshots/${name}-${theme}.png`,
      element: page.elementLocator(document.body),
    })
  monitor.write(
    running,
    Array.from({ length: 300 }, (_, i) => `day ${i}: the \u001b[36mtulips\u001b[0m grow\n`).join(''),
  )
  await page.getByRole('button', { name: /garden/ }).click()
  monitor.write(running, 'warning: the pond is low\n', 2)
  await expect.element(page.getByText(/^warning: the pond/)).toBeVisible()
  await shoot('50-tasks-running')
  monitor.write(failed, build)
  await page.getByRole('button', { name: /npm test/ }).click()
  await shoot('51-task-failed')
  await page.getByRole('button', { name: 'Search the output' }).click()
  await userEvent.keyboard('test{Enter}{Enter}')
  await shoot('52-task-search')
  await page.getByRole('button', { name: /^npm run docs/ }).click()
  await page.getByRole('button', { name: 'More filters' }).click()
  await shoot('53-task-waiting')
  await page.getByRole('button', { name: 'More filters' }).click()
  await page.getByRole('button', { name: /^npm test/ }).click()
  await page.getByRole('button', { name: 'Fold all parts' }).click()
  await shoot('60-task-folded')
  for (const [body, reason] of refusals) refuse(monitor.requests, body, reason)
  await page.getByRole('button', { name: /^npm run seed refused/ }).click()
  await shoot('61-task-refused')
  end()
  const many = showMonitor({ tasks: fifty, size: { width: 1190, height: 520 } })
  end = many.end
  await expect.element(page.getByText('npm run job-0', { exact: true }).first()).toBeVisible()
  await shoot('62-tasks-fifty')
  end()
  await page.viewport(800, 520)
  const half = showMonitor({ tasks, size: { width: 800, height: 520 } })
  end = half.end
  half.write(failed, build)
  await page.getByRole('button', { name: /^npm test/ }).click()
  await shoot('63-tasks-800')
  end()
  await page.viewport(400, 760)
  const small = showMonitor({ tasks, size: { width: 400, height: 760 } })
  end = small.end
  small.write(failed, build)
  await shoot('54-tasks-narrow-list')
  await page.getByRole('button', { name: /npm test/ }).click()
  await shoot('55-tasks-narrow-detail')
})
