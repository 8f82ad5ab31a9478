import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../harness/browser.ts'
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

test('[TSK-22] [MIR-57] a task sees what was typed just before, and what it writes is in the editor', async () => {
  const tandem = await startTandem({
    files: {
      'in.txt': 'old',
      'copy.mjs': `import fs from 'node:fs'; fs.writeFileSync('out.txt', fs.readFileSync('in.txt'))\n`,
    },
  })
  const tab = await openTab(browser, tandem)
  await tab.open('in.txt')
  await tab.shows('old')
  await tab.type(' and new')
  await tab.run('node copy.mjs')
  await tab.page.locator('li[data-state=completed]').waitFor()
  expect(tandem.read('out.txt')).toBe('old and new')
  await tab.open('out.txt')
  await tab.shows('old and new')
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
  await card.getByRole('button', { name: 'Allow once' }).click()
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
