import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../harness/browser.ts'
import { openTab, tabOf } from '../harness/tabs.ts'
import { cleanUp, startTandem, tempFolder } from '../harness/tandem.ts'
import { makePlayground } from '@tandem/cli/playground'
import { until } from '../harness/until.ts'

// Pictures to be looked at, not compared: artefacts, git-ignored.
const folder = fileURLToPath(new URL('../../../artifacts/screenshots', import.meta.url))
let browser: Browser
beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  browser = await openBrowser()
})
afterAll(() => browser.close())
afterEach(cleanUp)

test.each(['dark', 'light'] as const)('[UI-46] every state has its picture, in %s', async (colorScheme) => {
  const served = makePlayground(join(tempFolder(), 'playground'))
  const tandem = await startTandem({ folder: served })
  const tab = await openTab(browser, tandem, { colorScheme })
  const other = await openTab(browser, tandem, { colorScheme })
  const shoot = async (name: string, page = tab.page) => {
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), animations: 'disabled' })
  }
  await tab.inTree('README.md').waitFor()
  await shoot('01-nothing-open')
  await tab.open('README.md')
  await tab.showsPart('A place to try Tandem')
  await other.open('README.md')
  await other.type('Hello from the other tab. ', 'start')
  await tab.showsPart('Hello from the other tab.')
  await shoot('02-editing-together')
  await tab.run('node test.mjs')
  await tab.page.locator('li[data-state=completed]').waitFor()
  await shoot('03-task-passed')
  await tab.run('node src/garden.mjs')
  await tab.output().getByText('day').first().waitFor()
  await shoot('04-task-running')
  await tab.page.getByRole('button', { name: 'Cancel' }).click()
  await tab.page.locator('li[data-state=cancelled]').waitFor()
  await tab.run('node missing.mjs')
  await tab.page.locator('li[data-state=failed]').waitFor()
  await shoot('05-task-failed')
  await tab.run('rm notes/ideas.md')
  await tab.page.getByRole('button', { name: 'Allow for this task' }).waitFor()
  await shoot('06-approval')
  await tab.page.getByRole('button', { name: 'Deny' }).click()
  await tab.page.setViewportSize({ width: 480, height: 900 })
  await shoot('07-narrow')
  await tab.page.setViewportSize({ width: 1440, height: 900 })

  await tab.pill('Synced')
  await tandem.stop()
  await tab.pill(/^Offline/)
  await tab.type('Typed offline. ')
  await tab.pill(/^Offline, \d+ edit/)
  // The banner comes after two seconds: what lasts a moment is noise.
  await tab.page
    .getByRole('alert')
    .or(tab.page.locator('[role=status]', { hasText: /offline/i }))
    .first()
    .waitFor()
  await shoot('08-offline')
  await tab.page.reload()
  await tab.pill(/^Offline/)
  await tab.showsPart('Typed offline.')
  await shoot('09-opened-offline')

  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme })
  const stranger = tabOf(await context.newPage(), context)
  const empty = await startTandem({ args: ['--unsafe-no-sandbox'] })
  await stranger.page.goto(empty.ready.apiUrl)
  await until(
    'the page says that it knows nobody',
    async () => (await stranger.page.locator('body').innerText()).length > 20,
  )
  await shoot('10-signed-out', stranger.page)
  await stranger.page.goto(empty.ready.url)
  await stranger.page.reload()
  await stranger.status('daemon connected')
  await shoot('11-empty-and-unsafe', stranger.page)
  expect(tab.troubles).toEqual([])
})
