import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../harness/browser.ts'
import { openTab } from '../harness/tabs.ts'
import { cleanUp, killAndAwaitReturn, startTandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())
afterEach(cleanUp)

test('[MIR-14] the daemon is killed and comes back with edits on both sides meanwhile: merged three ways', async () => {
  const text = 'alpha\nbeta\ngamma\ndelta\n'
  const tandem = await startTandem({ files: { 'a.txt': text, 'b.txt': text, 'gone.txt': 'x\n' } })
  const tab = await openTab(browser, tandem)
  await tab.open('a.txt')
  await tab.shows(text)
  // Stopped first, so that both sides surely change while it does not look.
  process.kill(tandem.pidOf('daemon') ?? 0, 'SIGSTOP')
  tandem.write('a.txt', text.replace('beta', 'beta, on disk'))
  tandem.write('b.txt', text + 'only on disk\n')
  tandem.write('new.txt', 'made on disk\n')
  await tab.type('typed in the tab\n')
  await tab.pill('Synced')
  await killAndAwaitReturn(tandem, 'daemon')

  const merged = 'alpha\nbeta, on disk\ngamma\ndelta\ntyped in the tab\n'
  await until('the file is merged', () => tandem.read('a.txt') === merged)
  await tab.shows(merged)
  await tab.status('daemon connected')
  await tab.open('b.txt')
  await tab.shows(text + 'only on disk\n')
  await tab.open('new.txt')
  await tab.shows('made on disk\n')
  expect(tandem.read('b.txt')).toBe(text + 'only on disk\n')
  expect(tab.troubles).toEqual([])
})
