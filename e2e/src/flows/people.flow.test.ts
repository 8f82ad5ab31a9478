import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { barriers } from '../harness/barriers.ts'
import { openBrowser } from '../harness/browser.ts'
import { openTab, tabOf } from '../harness/tabs.ts'
import { cleanUp, startTandem, type Tandem } from '../harness/tandem.ts'

const pictures = fileURLToPath(new URL('../../../artifacts/screenshots', import.meta.url))
let browser: Browser
beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await openBrowser()
})
afterAll(() => browser.close())
afterEach(cleanUp)

const share = (page: Page, tab: string) => page.getByRole('tab', { name: tab, exact: true }).click()
const openShare = (page: Page) => page.getByRole('button', { name: 'Share' }).click()

/** A link for one more person, made in the page. */
async function invite(page: Page, role: string): Promise<string> {
  await openShare(page)
  await share(page, 'Invite')
  await page.getByLabel('They become').selectOption(role)
  await page.getByRole('button', { name: 'Make a link' }).click()
  return page.getByLabel('Invite link').inputValue()
}

/** Opens the link on a device of its own, and joins under that name. */
async function joinAs(name: string, url: string, colorScheme: 'dark' | 'light' = 'dark') {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme })
  const tab = tabOf(await context.newPage(), context)
  await tab.page.goto(url)
  await tab.page.getByRole('heading', { name: /^Join / }).waitFor()
  return {
    ...tab,
    join: async () => {
      await tab.page.getByLabel('Your name, as others see it').fill(name)
      await tab.page.getByRole('button', { name: 'Join' }).click()
      await tab.status('daemon connected')
    },
  }
}

test.each(['dark', 'light'] as const)(
  '[UI-80] [UI-82] [UI-85] [UI-86] an invited person joins, is lowered, raised and removed while they work, in %s',
  async (colorScheme) => {
    const tandem = await startTandem({ files: { 'a.txt': 'one\n' } })
    const owner = await openTab(browser, tandem, { colorScheme })
    const shoot = (name: string, page = owner.page) =>
      page.screenshot({ path: join(pictures, `${name}-${colorScheme}.png`), animations: 'disabled' })

    const url = await invite(owner.page, 'editor')
    await shoot('20-invite')
    expect(await barriers(owner.page)).toEqual([])

    const mira = await joinAs('Mira Okafor', url, colorScheme)
    expect(new URL(mira.page.url()).hash).toBe('')
    await shoot('21-join', mira.page)
    expect(await barriers(mira.page)).toEqual([])
    await mira.join()
    await mira.open('a.txt')
    await mira.type('two')
    await owner.page.keyboard.press('Escape')
    await owner.open('a.txt')
    await owner.shows('one\ntwo')

    await openShare(owner.page)
    const role = owner.page.getByLabel('Role of Mira Okafor')
    await role.waitFor()
    await shoot('22-people')
    expect(await barriers(owner.page)).toEqual([])
    await role.selectOption('viewer')
    const readOnly = mira.page.getByText('As viewer you may read this file')
    await readOnly.waitFor()
    await shoot('23-read-only', mira.page)
    await role.selectOption('editor')
    await readOnly.waitFor({ state: 'detached' })
    await mira.type('\nthree')
    await expect.poll(() => tandem.read('a.txt'), { timeout: 30_000 }).toBe('one\ntwo\nthree')

    await owner.page.getByRole('button', { name: 'Remove Mira Okafor…' }).click()
    await owner.page.getByRole('button', { name: 'Remove Mira Okafor', exact: true }).click()
    await mira.pill('Signed out')
    await mira.type('\nkept here')
    await mira.showsPart('kept here')
    await mira.page.getByRole('button', { name: 'Save a copy' }).waitFor()
    await shoot('24-removed', mira.page)
    await mira.page.reload()
    await mira.showsPart('kept here')
    expect(tandem.read('a.txt')).toBe('one\ntwo\nthree')

    const late = await browser.newContext({ colorScheme })
    const page = await late.newPage()
    await page.goto(url)
    await page.getByRole('heading', { name: 'This invite is not good any more' }).waitFor()
    await shoot('25-invite-used-up', page)
    expect(owner.troubles).toEqual([])
  },
)

test('[UI-81] [ACC-44] a key is made in the page, works over REST, and is withdrawn there', async () => {
  const tandem = await startTandem({ files: { 'a.txt': 'one\n' } })
  const { page } = await openTab(browser, tandem)
  await openShare(page)
  await share(page, 'API keys')
  await page.getByLabel('What it is for').fill('nightly build')
  await page.getByRole('button', { name: 'Make a key' }).click()
  const key = await page.getByLabel('API key', { exact: true }).inputValue()
  const read = () =>
    fetch(`${tandem.ready.apiUrl}/api/v1/workspaces/${tandem.ready.workspaceId}/files/a.txt`, {
      headers: { authorization: `Bearer ${key}` },
    })
  expect(await (await read()).text()).toBe('one\n')
  await page.screenshot({ path: join(pictures, '26-keys-dark.png'), animations: 'disabled' })
  expect(await barriers(page)).toEqual([])
  await page.getByRole('button', { name: 'Withdraw nightly build' }).click()
  await page.getByRole('list', { name: 'Your keys' }).getByText('nightly build').waitFor({ state: 'detached' })
  expect((await read()).status).toBe(401)
  await share(page, 'Browsers')
  await page.getByText('this one').waitFor()
  await page.screenshot({ path: join(pictures, '27-browsers-dark.png'), animations: 'disabled' })
})

/** A machine's side of pairing, as `tandem login` does it. */
async function askToPair(tandem: Tandem, name: string) {
  const post = async (route: string, body: unknown) =>
    (await fetch(`${tandem.ready.apiUrl}/api/v1/pairings${route}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then((answer) => answer.json())) as Record<string, string>
  const asked = await post('', { name })
  return { asked, poll: () => post('/token', { deviceCode: asked['deviceCode'] }) }
}

test('[UI-83] [ACC-45] a machine is let in by the word of a person who saw its code', async () => {
  const tandem = await startTandem()
  const { page } = await openTab(browser, tandem)
  const { asked, poll } = await askToPair(tandem, 'studio-mac')
  await page.goto(asked['verificationUriComplete'] ?? '')
  await page.getByRole('heading', { name: 'Let studio-mac in?' }).waitFor()
  expect(new URL(page.url()).searchParams.get('pair')).toBeNull()
  await page.screenshot({ path: join(pictures, '28-pairing-dark.png'), animations: 'disabled' })
  expect(await barriers(page)).toEqual([])
  await page.getByRole('button', { name: 'Let it in' }).click()
  await page.getByText('studio-mac is let in').waitFor()
  await expect.poll(poll, { timeout: 30_000, interval: 1_000 }).toMatchObject({ state: 'approved' })
})
