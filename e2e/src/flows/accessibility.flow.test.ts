import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { barriers } from '../harness/barriers.ts'
import { openBrowser } from '../harness/browser.ts'
import { openTab } from '../harness/tabs.ts'
import { cleanUp, startTandem } from '../harness/tandem.ts'

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())
afterEach(cleanUp)

test.each(['dark', 'light'] as const)(
  '[UI-45] the whole page has no barrier that axe can find, in %s',
  async (colorScheme) => {
    const tandem = await startTandem({ files: { 'a.txt': 'one\n', 'sub/b.txt': 'two\n', '.env': 'X=1' } })
    const tab = await openTab(browser, tandem, { colorScheme })
    await tab.inTree('a.txt').waitFor()
    expect(await barriers(tab.page)).toEqual([])
    await tab.open('sub/b.txt')
    await tab.shows('two\n')
    await tab.run('ls -a')
    await tab.page.locator('li[data-state=completed]').waitFor()
    await tab.run('rm a.txt')
    await tab.page.getByRole('button', { name: 'Allow once' }).waitFor()
    expect(await barriers(tab.page)).toEqual([])
    await tab.page.getByRole('button', { name: 'Who wrote each line' }).click()
    await tab.page.getByRole('tab', { name: 'History' }).click()
    await tab.page.getByRole('option', { name: /created 2 files/ }).click()
    await tab.page.getByTestId('diff').getByText('two').first().waitFor()
    expect(await barriers(tab.page)).toEqual([])
  },
)
