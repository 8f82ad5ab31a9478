import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../harness/browser.ts'
import { openTab, openTabOf, type Tab } from '../harness/tabs.ts'
import { cleanUp, startTandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())
afterEach(cleanUp)

const step = (tab: Tab, words: RegExp) => tab.page.getByRole('option', { name: words })

test('[UI-61] [UI-63] [UI-64] [UI-65] [UI-72] two people write: history names them, a restore brings back, blame tells', async () => {
  const tandem = await startTandem({ files: { 'a.txt': 'one\ntwo\n', 'b.txt': 'b\n' } })
  const owner = await openTab(browser, tandem)
  const ben = await openTabOf(browser, tandem, 'Ben')
  await owner.open('a.txt')
  await ben.open('a.txt')
  await owner.shows('one\ntwo\n')
  await ben.shows('one\ntwo\n')
  await owner.type('the owner wrote this\n')
  await ben.type('Ben wrote this\n', 'start')
  const text = 'Ben wrote this\none\ntwo\nthe owner wrote this\n'
  await owner.shows(text)
  await ben.shows(text)
  await until('it is on disk', () => tandem.read('a.txt') === text)

  // Who wrote each line, in words for the line with the cursor.
  const { page } = owner
  await page.getByRole('button', { name: 'Who wrote each line' }).click()
  await owner.page.locator('.monaco-editor .view-lines').first().click()
  const line = (words: RegExp) => page.getByText(words).waitFor()
  await page.keyboard.press('Control+Home')
  await line(/^Line 1: Ben, \w+ at \d\d:\d\d$/)
  await page.keyboard.press('ArrowDown')
  await line(/^Line 2: .+ \(folder\), \w+ at \d\d:\d\d$/)
  await page.keyboard.press('Control+End')
  await page.keyboard.press('ArrowUp')
  await line(/^Line 4: You, \w+ at \d\d:\d\d$/)
  expect(await page.locator('.blame-bar.blame-person').count()).toBe(2)
  await page.keyboard.press('Alt+b')
  await until('the gutter is gone', async () => (await page.locator('.blame-bar').count()) === 0)
  await page.keyboard.press('Alt+b')

  // The timeline names both, and shows what each did.
  await page.getByRole('tab', { name: 'History' }).click()
  await step(owner, /^You edited a\.txt/).waitFor()
  await step(owner, /created 2 files/).waitFor()
  await step(owner, /^Ben edited a\.txt/).click()
  const diff = page.getByTestId('diff')
  const side = (name: 'original' | 'modified') => diff.locator(`.editor.${name} .view-lines`)
  await side('modified').getByText('Ben wrote this').waitFor()
  expect(await side('original').innerText()).not.toContain('Ben')

  await page.getByRole('button', { name: 'Name things as they stand' }).click()
  await page.getByRole('textbox', { name: 'Name of the version' }).fill('Before the mess')
  await page.keyboard.press('Enter')
  await step(owner, /^Before the mess/).waitFor()

  await ben.page.locator('.monaco-editor .view-lines').first().click()
  await ben.page.keyboard.press('Control+a')
  await ben.page.keyboard.press('Delete')
  await until('it is empty on disk', () => tandem.read('a.txt') === '')
  await owner.shows('')
  await step(owner, /^Ben edited a\.txt/)
    .nth(1)
    .waitFor()

  await step(owner, /^Before the mess/).click()
  await page.getByRole('button', { name: 'Restore…' }).click()
  const dialog = page.getByRole('alertdialog')
  await dialog.getByText(/^a\.txt gets back the text it had at version/).waitFor()
  await dialog.getByRole('button', { name: 'Restore', exact: true }).click()
  await page.getByText('Restored 1 file.').waitFor()
  await ben.shows(text)
  await until('it is back on disk', () => tandem.read('a.txt') === text)
  await page.locator('.monaco-editor .view-lines').first().click()
  await page.keyboard.press('Control+Home')
  await line(/^Line 1: You, \w+ at \d\d:\d\d, restored from version/)

  await page.getByRole('button', { name: 'Undo', exact: true }).click()
  await ben.shows('')
  await until('it is empty again', () => tandem.read('a.txt') === '')
  await page.getByText('Taken back.').waitFor()
  expect([...owner.troubles, ...ben.troubles]).toEqual([])
}, 240_000)
