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
  let isOver = false
  /** Types numbered words at one place, so that what one tab writes stays in one piece, until the crashes are over. */
  const typeWords = async (tab: Tab, name: string, at: 'start' | 'end') => {
    await tab.type('', at)
    let typed = ''
    for (let i = 0; !isOver || i < 60; i++) {
      await tab.page.keyboard.insertText(`${name}${i} `)
      typed += `${name}${i} `
      // A quick typist, not a flood.
      await tab.page.waitForTimeout(40)
    }
    return typed
  }
  const typing = Promise.all([typeWords(a, 'a', 'start'), typeWords(b, 'b', 'end')])
  await killAndAwaitReturn(tandem, 'server')
  await until('the server answers again', () =>
    tandem.api('/api/health').then(
      (answer) => answer.ok,
      () => false,
    ),
  )
  await killAndAwaitReturn(tandem, 'server')
  isOver = true
  const [byA, byB] = await typing
  const expected = `${byA}----\n${byB}`
  await until('the file has everything', () => tandem.read('a.txt') === expected)
  await a.shows(expected)
  await b.shows(expected)
  await a.pill('Synced')
  await b.pill('Synced')
  expect([...a.troubles, ...b.troubles]).toEqual([])
})
