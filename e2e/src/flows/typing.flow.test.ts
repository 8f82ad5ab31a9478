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

test('[S319] [S323] [MIR-2] what tab A types, tab B shows and the file on disk becomes', async () => {
  const tandem = await startTandem({ files: { 'notes/a.txt': 'one\n' } })
  const [a, b] = [await openTab(browser, tandem), await openTab(browser, tandem)]
  await a.open('notes/a.txt')
  await b.open('notes/a.txt')
  await a.shows('one\n')
  await a.type('two, typed in A\n')
  await b.shows('one\ntwo, typed in A\n')
  await until('the file equals', () => tandem.read('notes/a.txt') === 'one\ntwo, typed in A\n')
  await b.type('zero, typed in B\n', 'start')
  await a.shows('zero, typed in B\none\ntwo, typed in A\n')
  await until('the file equals', () => tandem.read('notes/a.txt') === 'zero, typed in B\none\ntwo, typed in A\n')
  expect([...a.troubles, ...b.troubles]).toEqual([])
})

test('[S184] [MIR-1] a file made, renamed and deleted in a tab is so on disk, and one made on disk is in the tree', async () => {
  const tandem = await startTandem({ files: { 'a.txt': 'one\n' } })
  const tab = await openTab(browser, tandem)
  await tab.inTree('a.txt').waitFor()
  await tab.page.getByRole('button', { name: 'New file' }).click()
  await tab.page.getByRole('textbox', { name: 'Name', exact: true }).fill('made.txt')
  await tab.page.keyboard.press('Enter')
  await until('the new file is on disk', () => tandem.read('made.txt') !== undefined)
  await tab.open('made.txt')
  await tab.type('hello')
  await until('its text is on disk', () => tandem.read('made.txt') === 'hello')
  await tab.inTree('made.txt').click()
  await tab.page.keyboard.press('F2')
  await tab.page.getByRole('textbox', { name: /^New name of/ }).fill('named.txt')
  await tab.page.keyboard.press('Enter')
  await until(
    'it is renamed on disk',
    () => tandem.read('named.txt') === 'hello' && tandem.read('made.txt') === undefined,
  )
  tandem.write('sub/outside.txt', 'from outside\n')
  await tab.inTree('sub').waitFor()
  await tab.open('sub/outside.txt')
  await tab.shows('from outside\n')
  await tab.inTree('named.txt').click()
  await tab.page.keyboard.press('Delete')
  await until('it is gone from the disk', () => tandem.read('named.txt') === undefined)
  expect(tab.troubles).toEqual([])
})

test('[S179] what is hidden is not shared, and the tree says why', async () => {
  const tandem = await startTandem({
    files: { '.gitignore': '*.log\n', '.env': 'SECRET=x', 'a.log': 'l', 'b.log': 'l', 'a.txt': 'a' },
  })
  const tab = await openTab(browser, tandem)
  await tab.inTree('a.txt').waitFor()
  await tab.page.getByText(/3 hidden: .*\.gitignore/).waitFor()
  expect(await tab.inTree('a.log').count()).toBe(0)
  expect(await tab.inTree('.env').count()).toBe(0)
})
