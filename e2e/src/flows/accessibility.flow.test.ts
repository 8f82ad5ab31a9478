import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { AxeResults } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../harness/browser.ts'
import { openTab } from '../harness/tabs.ts'
import { cleanUp, startTandem } from '../harness/tandem.ts'

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())
afterEach(cleanUp)

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core')), 'utf8')

/** What axe finds on the page as it stands, in a line each. Monaco's own innards are Monaco's. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => {
    const { axe } = globalThis as unknown as { axe: { run(context: object, options: object): Promise<AxeResults> } }
    const runOnly = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']
    return axe.run({ exclude: ['.monaco-editor'] }, { runOnly })
  })
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`))
}

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
    await tab.page.getByRole('button', { name: 'Allow for this task' }).waitFor()
    expect(await barriers(tab.page)).toEqual([])
  },
)
