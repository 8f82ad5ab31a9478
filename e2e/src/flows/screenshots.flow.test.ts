import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../harness/browser.ts'
import { openTab, openTabOf, tabOf } from '../harness/tabs.ts'
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
  await tab.page.getByRole('button', { name: 'Allow once' }).waitFor()
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

test.each(['dark', 'light'] as const)(
  '[UI-46] every state of the history has its picture, in %s',
  async (colorScheme) => {
    const tandem = await startTandem({ folder: makePlayground(join(tempFolder(), 'playground')) })
    const { page, ...tab } = await openTab(browser, tandem, { colorScheme })
    const ben = await openTabOf(browser, tandem, 'Ben Adeyemi', { colorScheme })
    const shoot = async (name: string) => {
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), animations: 'disabled' })
    }
    const row = (words: RegExp) => page.getByRole('option', { name: words })
    await tab.open('README.md')
    await ben.open('README.md')
    await ben.type('Ben adds a heading.\n\n', 'start')
    await tab.showsPart('Ben adds a heading.')
    await page.getByRole('tab', { name: 'History' }).click()
    await row(/^Ben Adeyemi edited README/).waitFor()
    await shoot('20-history-nothing-chosen')
    await tab.type('And the owner a last line.\n')
    await row(/^You edited README/).click()
    await page.getByTestId('diff').getByText('And the owner a last line.').first().waitFor()
    await page.getByRole('button', { name: 'Who wrote each line' }).click()
    // Until the server has said whose they are, Ben's lines are nobody's.
    await page.locator('.blame-glyph.blame-person').nth(2).waitFor()
    await page.locator('.blame-glyph.blame-person').first().hover()
    await page.locator('.monaco-hover').getByText('Ben Adeyemi').waitFor()
    await shoot('21-history-step-and-blame')
    await page.getByRole('button', { name: 'Name things as they stand' }).click()
    await page.getByRole('textbox', { name: 'Name of the version' }).fill('Before the demo')
    await shoot('22-history-naming')
    await page.keyboard.press('Enter')
    await row(/^Before the demo/).waitFor()
    await page.getByRole('tab', { name: /^Tasks/ }).click()
    await tab.run("echo 'from a task' > made-by-a-task.txt && rm notes/ideas.md && echo more >> README.md")
    const allow = page.getByRole('button', { name: 'Allow once' })
    const passed = page.locator('li[data-state=completed]')
    await allow.or(passed).first().waitFor()
    if (await allow.isVisible()) await allow.click()
    await passed.waitFor()
    await page.getByRole('tab', { name: 'History' }).click()
    await row(/^Before the demo/).click()
    await page.getByTestId('diff').or(page.getByText('is deleted')).first().waitFor()
    await shoot('23-history-checkpoint')
    await page.getByRole('button', { name: 'Restore…' }).click()
    await page.getByRole('radio', { name: 'Everything in the workspace' }).check()
    await page.getByText(/files? will change/).waitFor()
    await shoot('24-history-restore')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Restore', exact: true }).click()
    await page.getByText(/^Restored \d files?/).waitFor()
    await shoot('25-history-restored')
    await page.setViewportSize({ width: 480, height: 900 })
    await page.getByRole('button', { name: 'History', exact: true }).click()
    await row(/^Before the demo/).waitFor()
    await shoot('26-history-narrow')
    await row(/^Ben Adeyemi edited README/)
      .last()
      .click()
    await page.getByTestId('diff').getByText('Ben adds a heading.').first().waitFor()
    await shoot('27-history-narrow-step')
    await page.setViewportSize({ width: 1440, height: 900 })
    await row(/^You edited README/)
      .last()
      .click()
    await tandem.stop()
    await page.getByText(/^Offline: this is what was loaded/).waitFor()
    await shoot('28-history-offline')
    expect(tab.troubles).toEqual([])
  },
  240_000,
)

test.each(['dark', 'light'] as const)(
  '[UI-46] every state of a folder that needs a look has its picture, in %s',
  async (colorScheme) => {
    const served = makePlayground(join(tempFolder(), 'playground'))
    const tandem = await startTandem({ folder: served })
    const { page, ...tab } = await openTab(browser, tandem, { colorScheme })
    const shoot = async (name: string) => {
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), animations: 'disabled' })
    }
    const button = (name: string | RegExp) => page.getByRole('button', { name })
    await tab.inTree('README.md').waitFor()
    const daemon = tandem.pidOf('daemon') as number
    // Held while they are written, and again while the picture is taken: it would be done before anybody could look.
    process.kill(daemon, 'SIGSTOP')
    for (let i = 0; i < 4_000; i++) tandem.write(`many/${i % 40}/${i}.txt`, `file ${i}\n`)
    const bar = page.getByRole('progressbar').first()
    const shown = bar.waitFor({ timeout: 20_000 }).catch(() => tab.inTree('many').waitFor())
    process.kill(daemon, 'SIGCONT')
    await shown
    process.kill(daemon, 'SIGSTOP')
    await shoot('30-mirror-progress')
    process.kill(daemon, 'SIGCONT')
    await until('all are shared', async () => (await page.getByRole('progressbar').count()) === 0)

    await tab.open('README.md')
    await tab.showsPart('A place to try Tandem')
    const [first = '', ...rest] = (tandem.read('README.md') ?? '').split('\n')
    process.kill(daemon, 'SIGSTOP')
    tandem.write('README.md', [`${first}, said the disk`, ...rest].join('\n'))
    await page.locator('.view-line').first().click()
    await page.keyboard.press('End')
    await page.keyboard.type(', said the page')
    await tab.pill('Synced')
    process.kill(daemon, 'SIGCONT')
    await button('Keep disk').waitFor()
    await shoot('31-conflict')
    await until('the versions are on the server', () => button('Compare').isVisible())
    await button('Compare').click()
    await page.getByTestId('diff').getByText('said the disk').first().waitFor()
    await shoot('32-conflict-compared')
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 480, height: 900 })
    await shoot('33-conflict-narrow')
    await button('Files').click()
    await button('1 conflict').waitFor()
    await shoot('34-attention-narrow')
    await button(/^README\.md/).click()
    await page.setViewportSize({ width: 1440, height: 900 })
    await button('Keep disk').click()
    await until('the disk has its version', () => tandem.read('README.md')?.includes('said the page') === false)
    await page.getByText(/^Kept the disk’s version/).waitFor()
    await shoot('35-conflict-settled')

    tandem.write('readme.MD', 'The same name on some disks.\n')
    await button('1 alert').waitFor()
    await shoot('36-alert')
    rmSync(join(served, 'many'), { recursive: true })
    const gone = page.getByRole('region', { name: /^Files gone from the folder/ })
    await gone.getByText('Which files').click()
    await shoot('37-files-gone')
    await button(/^Delete them for everybody/).click()
    await page.getByRole('alertdialog').waitFor()
    await shoot('38-files-gone-sure')
    await page.keyboard.press('Escape')
    await button('Put them back on disk').click()
    await gone.getByText(/chose to put them back|on its way/).waitFor()
    await shoot('39-files-gone-answered')
    await gone.waitFor({ state: 'detached' })
    await until('all are back', () => tandem.read('many/39/3999.txt') === 'file 3999\n')
    expect(tab.troubles).toEqual([])
  },
  240_000,
)
