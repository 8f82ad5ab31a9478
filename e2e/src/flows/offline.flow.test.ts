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

test('[S97] [S325] a tab goes offline, edits, reloads with the server down, edits on, and comes back: merged', async () => {
  const first = await startTandem({ files: { 'a.txt': 'one\n', 'never-opened.txt': 'x\n' } })
  const { folder, dataDir, port } = first
  const tab = await openTab(browser, first)
  await tab.open('a.txt')
  await tab.shows('one\n')
  await tab.type('two, online\n')
  await until('it is on disk', () => first.read('a.txt') === 'one\ntwo, online\n')
  // The app must have been stored by the service worker before it can open without a server.
  await tab.page.evaluate(async () => {
    await navigator.serviceWorker.ready
  })
  await tab.pill('Synced')
  await first.stop()

  await tab.pill(/^Offline/)
  await tab.type('three, offline\n')
  await tab.page.reload()
  await tab.pill(/^Offline/)
  await tab.open('a.txt')
  await tab.shows('one\ntwo, online\nthree, offline\n')
  await tab.type('four, after a reload\n')
  await tab.pill(/^Offline, \d+ edit/)

  first.write('a.txt', 'zero, on disk\none\ntwo, online\n')
  const second = await startTandem({ folder, dataDir, port })
  const merged = 'zero, on disk\none\ntwo, online\nthree, offline\nfour, after a reload\n'
  await until('both are merged on disk', () => second.read('a.txt') === merged)
  await tab.shows(merged)
  await tab.pill('Synced')
  expect(tab.troubles).toEqual([])
})
