import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../harness/browser.ts'
import { openTab, type Tab } from '../harness/tabs.ts'
import { cleanUp, killAndAwaitReturn, startTandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())
afterEach(cleanUp)

test('[LOG-1] [S14] [OPS-17] the server is killed and comes back while both tabs type: all converge and nothing is lost', async () => {
  const tandem = await startTandem({ files: { 'a.txt': '----\n' } })
  const [a, b] = [await openTab(browser, tandem), await openTab(browser, tandem)]
  await a.open('a.txt')
  await b.open('a.txt')
  await a.shows('----\n')
  await b.shows('----\n')
  const words = (name: string) => Array.from({ length: 60 }, (_, i) => `${name}${String(i).padStart(2, '0')}`)
  const typeAll = async (tab: Tab, name: string, at: 'start' | 'end') => {
    // One place each: what one writes stays in one piece.
    await tab.type('', at)
    for (const word of words(name)) await tab.page.keyboard.insertText(`${word} `)
  }
  const typing = Promise.all([typeAll(a, 'a', 'start'), typeAll(b, 'b', 'end')])
  await killAndAwaitReturn(tandem, 'server')
  await killAndAwaitReturn(tandem, 'server')
  await typing
  const expected = `${words('a').join(' ')} ----\n${words('b').join(' ')} `
  await until('the file has everything', () => tandem.read('a.txt') === expected)
  await a.shows(expected)
  await b.shows(expected)
  await a.pill('Synced')
  await b.pill('Synced')
  expect([...a.troubles, ...b.troubles]).toEqual([])
})
