import { testAuthority } from '@tandem/server/test-certificates'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../harness/browser.ts'
import { tabOf } from '../harness/tabs.ts'
import { cleanUp, startTandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())
afterEach(cleanUp)

test('[ACC-60] [S303] a page over TLS signs in, and what is typed in it goes through the socket to the disk', async () => {
  const { tlsCert, tlsKey } = await (await testAuthority()).issue(['localhost'])
  const args = ['--tls-cert', tlsCert, '--tls-key', tlsKey]
  const tandem = await startTandem({ files: { 'a.txt': 'one\n' }, args })
  expect(tandem.ready.url).toMatch(/^https:\/\/localhost:/)
  // That certificates are checked is proved elsewhere; this browser has no authority of ours.
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    ignoreHTTPSErrors: true,
    // Chromium insists on a good certificate for them.
    serviceWorkers: 'block',
  })
  const tab = tabOf(await context.newPage(), context)
  await tab.page.goto(tandem.ready.url)
  await tab.status('daemon connected')
  await tab.open('a.txt')
  await tab.shows('one\n')
  await tab.type('two, over TLS\n')
  await until('the file equals', () => tandem.read('a.txt') === 'one\ntwo, over TLS\n')
  const [cookie] = await context.cookies()
  expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Strict' })
  expect(tab.troubles).toEqual([])
})
