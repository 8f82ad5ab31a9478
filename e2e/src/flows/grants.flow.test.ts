import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { barriers } from '../harness/barriers.ts'
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

const card = ({ page }: Tab) => page.getByRole('region', { name: 'A command needs your approval' })
const passed = ({ page }: Tab) => page.locator('li[data-state=completed]')
const line = ({ page }: Tab, count: number) =>
  page.getByRole('button', { name: count === 1 ? '1 command is allowed' : `${count} commands are allowed` })

test('[UI-230] [UI-231] [SBX-274] a yes for the session is asked for once, seen by all, taken back, and asked for again', async () => {
  const tandem = await startTandem({ files: { 'one.txt': 'x' } })
  const [a, b] = [await openTab(browser, tandem), await openTab(browser, tandem)]
  await a.run('rm -f one.txt')
  await card(a).getByText('rm -f one.txt').waitFor()
  await card(b).getByRole('button', { name: 'Allow for this session' }).click()
  await passed(a).first().waitFor()
  expect(tandem.read('one.txt')).toBe(undefined)

  // The same once more: nobody is asked, and it runs.
  tandem.write('one.txt', 'again')
  await a.inTree('one.txt').waitFor()
  await a.run('rm -f one.txt')
  await until('it has run', () => tandem.read('one.txt') === undefined)
  await until('both have passed', async () => (await passed(a).count()) === 2)
  // Another is asked about all the same.
  await a.run('rm -f two.txt')
  await card(a).getByRole('button', { name: 'Deny' }).click()
  await a.page.locator('li[data-state=cancelled]').waitFor()

  await line(b, 1).click()
  const dialog = b.page.getByRole('dialog', { name: 'Allowed without asking' })
  await dialog.getByText('rm -f one.txt').waitFor()
  expect(await barriers(b.page)).toEqual([])
  await dialog.getByRole('button', { name: 'Revoke' }).click()
  await dialog.getByText(/^Nothing is/).waitFor()
  await line(a, 1).waitFor({ state: 'detached' })
  await a.run('rm -f one.txt')
  await card(a).getByText('rm -f one.txt').waitFor()
  await card(a).getByRole('button', { name: 'Allow for this session' }).click()
  await until('it has passed', async () => (await passed(a).count()) === 3)

  // The session is over with its daemon.
  await line(a, 1).waitFor()
  await killAndAwaitReturn(tandem, 'daemon')
  await line(a, 1).waitFor({ state: 'detached' })
  await a.status('daemon connected')
  await a.run('rm -f one.txt')
  await card(a).getByRole('button', { name: 'Allow for this workspace' }).click()
  await until('it has passed', async () => (await passed(a).count()) === 4)
  await killAndAwaitReturn(tandem, 'daemon')
  await a.status('daemon connected')
  await a.run('rm -f one.txt')
  await until('it has passed unasked', async () => (await passed(a).count()) === 5)
  expect([...a.troubles, ...b.troubles]).toEqual([])
}, 180_000)
