import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../harness/browser.ts'
import { openTab } from '../harness/tabs.ts'
import { cleanUp, startTandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())
afterEach(cleanUp)

test('[S183] [MIR-1] [MIR-7] an outside editor’s save, in place or by rename, appears in both tabs, and the cursor stays where it meant', async () => {
  const tandem = await startTandem({ files: { 'a.txt': 'first\nlast\n' } })
  const [a, b] = [await openTab(browser, tandem), await openTab(browser, tandem)]
  await a.open('a.txt')
  await b.open('a.txt')
  await a.shows('first\nlast\n')
  // The cursor of tab A stands behind "last".
  await a.page.locator('.monaco-editor .view-lines').first().click()
  await a.page.keyboard.press('Control+Home')
  await a.page.keyboard.press('ArrowDown')
  await a.page.keyboard.press('End')

  tandem.write('a.txt', 'above\nfirst\nlast\n')
  for (const tab of [a, b]) await tab.shows('above\nfirst\nlast\n')
  tandem.replace('a.txt', 'above\nand more\nfirst\nlast\n')
  for (const tab of [a, b]) await tab.shows('above\nand more\nfirst\nlast\n')

  await a.page.keyboard.insertText(' word')
  await b.shows('above\nand more\nfirst\nlast word\n')
  await until('the file equals', () => tandem.read('a.txt') === 'above\nand more\nfirst\nlast word\n')
  expect([...a.troubles, ...b.troubles]).toEqual([])
})

test('[MIR-3] a save outside and typing in a tab at the same moment are both kept', async () => {
  const tandem = await startTandem({ files: { 'a.txt': 'top\nmiddle\nbottom\n' } })
  const tab = await openTab(browser, tandem)
  await tab.open('a.txt')
  await tab.shows('top\nmiddle\nbottom\n')
  const typing = tab.type('typed\n')
  tandem.write('a.txt', 'saved\ntop\nmiddle\nbottom\n')
  await typing
  await tab.shows('saved\ntop\nmiddle\nbottom\ntyped\n')
  await until('the file equals', () => tandem.read('a.txt') === 'saved\ntop\nmiddle\nbottom\ntyped\n')
})
