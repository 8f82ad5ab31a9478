import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../harness/browser.ts'
import { accessToken, connect } from '../harness/documents.ts'
import { isAlive, processesBelow } from '../harness/processes.ts'
import { openTab } from '../harness/tabs.ts'
import { cleanUp, startTandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())
afterEach(cleanUp)

const ticker = `for (let i = 1; ; i++) { console.log('tick ' + i); await new Promise((r) => setTimeout(r, 100)) }\n`

test('[S115] [S123] [TSK-4] a task runs and streams in two tabs, and is cancelled: both agree, and nothing of it is left', async () => {
  const tandem = await startTandem({ files: { 'tick.mjs': ticker } })
  const [a, b] = [await openTab(browser, tandem), await openTab(browser, tandem)]
  await a.run('node tick.mjs')
  await a.output().getByText('tick 3').first().waitFor()
  await b.task('node tick.mjs').click()
  await b.output().getByText('tick 3').first().waitFor()
  for (const tab of [a, b]) await tab.task('node tick.mjs').locator('text=running').first().waitFor()
  const isIt = ({ command }: { command: string }) => /(^|\/)node tick\.mjs$/.test(command)
  const inside = processesBelow(tandem.ready.pid)
    .filter(isIt)
    .map(({ pid }) => pid)
  expect(inside.length).toBeGreaterThan(0)

  await b.page.getByRole('button', { name: 'Cancel' }).click()
  for (const tab of [a, b]) await tab.page.locator('li[data-state=cancelled]').waitFor()
  await until('no process of it is left', () => !inside.some(isAlive))
  expect([...a.troubles, ...b.troubles]).toEqual([])
})

test('[TSK-22] [MIR-57] a task asked for right after a keystroke sees it, and what it wrote is shared before it is over', async () => {
  const tandem = await startTandem({ files: { 'in.txt': 'start\n', 'out.txt': 'x' } })
  const at = `/api/v1/workspaces/${tandem.ready.workspaceId}`
  const access = await accessToken(tandem)
  const idOf = async (path: string) => {
    const { files } = (await (await tandem.api(`${at}/files`)).json()) as { files: { id: string; path: string }[] }
    return files.find((f) => f.path === path)?.id ?? ''
  }
  const [input, output] = [
    connect(tandem, access, { kind: 'file', fileId: await idOf('in.txt') }),
    connect(tandem, access, { kind: 'file', fileId: await idOf('out.txt') }),
  ]
  await Promise.all([input.synced(), output.synced()])
  const [from, to] = [input.document.getText('content'), output.document.getText('content')]
  for (let round = 0; round < 5; round++) {
    // The first stroke is written at once; those after it are gathered, and that is what the task must not miss.
    for (const stroke of `round ${round}\n`) from.insert(from.length, stroke)
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ payload: { kind: 'command', command: 'cp', args: ['in.txt', 'out.txt'] } })
    const { id } = (await (await tandem.api(`${at}/tasks`, { method: 'POST', body, headers })).json()) as { id: string }
    const task = await until('the task is over', async () => {
      const now = (await (await tandem.api(`${at}/tasks/${id}`)).json()) as { state: string; completedAt?: string }
      return now.completedAt !== undefined && now
    })
    expect(task.state).toBe('completed')
    expect(to.toString()).toBe(from.toString())
  }
  input.close()
  output.close()
})

test('[S135] [S269] what the policy denies is refused with its reason, and what it asks about waits for a person', async () => {
  const tandem = await startTandem({ files: { 'old.txt': 'x' } })
  const [a, b] = [await openTab(browser, tandem), await openTab(browser, tandem)]
  await a.run('sudo ls')
  await a.page.getByRole('alert').getByText("command 'sudo' not allowed").waitFor()
  await a.run('rm old.txt')
  const card = b.page.getByRole('region', { name: 'A command needs your approval' })
  await card.getByText('rm old.txt').waitFor()
  expect(tandem.read('old.txt')).toBe('x')
  await card.getByRole('button', { name: 'Allow for this task' }).click()
  await until('it has run', () => tandem.read('old.txt') === undefined)
  for (const tab of [a, b]) await tab.page.locator('li[data-state=completed]').waitFor()
})

test('[SBX-20] a command that wants the network is told that the sandbox has none', async () => {
  const tandem = await startTandem({
    files: {
      'get.mjs': `await fetch('http://registry.example.com/').catch((e) => { console.error(e.cause); process.exit(1) })\n`,
    },
  })
  const tab = await openTab(browser, tandem)
  await tab.run('node get.mjs')
  await tab.page.locator('li[data-state=failed]').waitFor()
  await tab.page.getByText('needed the network').waitFor()
})
