import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../harness/browser.ts'
import { filesBelow } from '../harness/folders.ts'
import { openTab } from '../harness/tabs.ts'
import { cleanUp, startTandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())
afterEach(cleanUp)

test('[MIR-19] [MIR-20] [MIR-116] the server’s data is lost: the folder is shared once more, and a page of the old history doubles nothing', async () => {
  const first = await startTandem({ files: { 'a.txt': 'one\n', 'sub/b.txt': 'two\n' } })
  const { folder, dataDir, port } = first
  const tab = await openTab(browser, first)
  await tab.open('a.txt')
  await tab.shows('one\n')
  await tab.type('typed, online\n')
  await until('it is on disk', () => first.read('a.txt') === 'one\ntyped, online\n')
  await tab.page.evaluate(async () => {
    await navigator.serviceWorker.ready
  })
  await tab.pill('Synced')
  await first.stop()
  await tab.pill(/^Offline/)
  await tab.type('typed, offline\n')
  await tab.shows('one\ntyped, online\ntyped, offline\n')

  rmSync(join(dataDir, 'server'), { recursive: true })
  rmSync(join(folder, 'sub/b.txt'))
  const second = await startTandem({ folder, dataDir, port })
  // The server knows nothing of that page any more; what it holds stays with it, and goes nowhere.
  await tab.pill('Signed out')
  await tab.page.getByRole('button', { name: 'Save a copy' }).waitFor()
  await tab.shows('one\ntyped, online\ntyped, offline\n')
  const other = await openTab(browser, second)
  await other.open('a.txt')
  await other.shows('one\ntyped, online\n')
  await other.type('typed, afterwards\n')
  const text = 'one\ntyped, online\ntyped, afterwards\n'
  await until('the new history goes on', () => second.read('a.txt') === text)
  const found = await second.api(`/api/v1/workspaces/${second.ready.workspaceId}/files/a.txt`)
  expect(await found.text()).toBe(text)
  expect(filesBelow(folder)).toEqual(['a.txt'])
  await tab.shows('one\ntyped, online\ntyped, offline\n')
  expect(other.troubles).toEqual([])
}, 180_000)
