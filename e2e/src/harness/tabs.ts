import { NewInviteAnswer, type Role } from '@tandem/shared'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import type { Tandem } from './tandem.ts'

const visible = 30_000

/** One tab of the page, driven as a person would: by what can be seen. */
export type Tab = {
  page: Page
  context: BrowserContext
  /** The daemon's words [S95], the browser's pill. */
  status(text: string): Promise<void>
  pill(text: string | RegExp): Promise<void>
  /** Opens a file from the tree, unfolding its folders. */
  open(path: string): Promise<void>
  inTree(path: string): Locator
  /** The text in the editor, as far as it is on screen. */
  text(): Promise<string>
  /** Waits until the editor shows exactly this. */
  shows(text: string): Promise<void>
  showsPart(part: string): Promise<void>
  /** Puts the cursor at the end (or where `keys` lead from there) and types. */
  type(text: string, at?: 'start' | 'end'): Promise<void>
  /** Runs a command from the panel's box. */
  run(command: string): Promise<void>
  task(command: string): Locator
  /** The output of the task on screen. */
  output(): Locator
  /** What went wrong inside the page: errors nobody caught, and what it logged as errors. */
  troubles: string[]
}

/** Opens a page with a device of its own: nothing stored, nothing shared with other tabs. */
export async function openTab(
  browser: Browser,
  tandem: Tandem,
  options: { colorScheme?: 'dark' | 'light' } = {},
): Promise<Tab> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
  const page = await context.newPage()
  const tab = tabOf(page, context)
  await page.goto(tandem.ready.url)
  await tab.status('daemon connected')
  return tab
}

/** As `openTab`, for somebody else, who took an invite: an editor where nothing else is said. */
export async function openTabOf(
  browser: Browser,
  tandem: Tandem,
  name: string,
  { role = 'editor', ...options }: { colorScheme?: 'dark' | 'light'; role?: Role } = {},
): Promise<Tab> {
  const asked = await tandem.api(`/api/v1/workspaces/${tandem.ready.workspaceId}/invites`, {
    method: 'POST',
    body: JSON.stringify({ role }),
    headers: { 'content-type': 'application/json' },
  })
  const { url } = NewInviteAnswer.parse(await asked.json())
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
  const joined = await context.request.post(new URL('/api/v1/session', tandem.ready.apiUrl).href, {
    data: { invite: url.split('#invite=')[1], name },
    headers: { origin: new URL(tandem.ready.apiUrl).origin },
  })
  if (!joined.ok()) throw new Error(`${name} could not join: ${joined.status()} ${await joined.text()}`)
  const tab = tabOf(await context.newPage(), context)
  await tab.page.goto(tandem.ready.apiUrl)
  await tab.status('daemon connected')
  return tab
}

/** Drives a page that is open already. */
export function tabOf(page: Page, context: BrowserContext): Tab {
  const troubles: string[] = []
  page.on('pageerror', (e) => troubles.push(e.message))
  page.on(
    'console',
    (m) =>
      m.type() === 'error' &&
      !/Failed to load resource|WebSocket connection|ERR_CONNECTION/.test(m.text()) &&
      troubles.push(m.text()),
  )
  const editor = page.locator('.monaco-editor .view-lines').first()
  const inTree = (path: string) => page.locator(`[role=treeitem][title="${path}"]`)
  const text = async () => {
    // Lines are placed, not flowed: their order on screen is that of `top`.
    const lines = await editor.locator('.view-line').evaluateAll((all) =>
      all
        .map((line) => ({ top: Number.parseFloat((line as HTMLElement).style.top), text: line.textContent ?? '' }))
        .toSorted((a, b) => a.top - b.top)
        .map((line) => line.text.replaceAll('\u00a0', ' ').replaceAll('\u200b', '')),
    )
    return lines.join('\n')
  }
  const waitForText = async (what: string, matches: (now: string) => boolean) => {
    const over = performance.now() + visible
    for (;;) {
      const now = await text().catch(() => '')
      if (matches(now)) return
      if (performance.now() > over) throw new Error(`the editor never showed ${what}; it shows ${JSON.stringify(now)}`)
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
    }
  }
  return {
    page,
    context,
    troubles,
    inTree,
    text,
    status: async (words) => page.locator('[role=status]', { hasText: words }).first().waitFor({ timeout: visible }),
    pill: async (words) => page.locator('[role=status]', { hasText: words }).first().waitFor({ timeout: visible }),
    open: async (path) => {
      const parts = path.split('/')
      for (let i = 1; i < parts.length; i++) {
        const folder = inTree(parts.slice(0, i).join('/'))
        await folder.waitFor({ timeout: visible })
        if ((await folder.getAttribute('aria-expanded')) === 'false') await folder.click()
      }
      await inTree(path).click({ timeout: visible })
      await editor.waitFor({ timeout: visible })
      await page.getByRole('heading', { level: 1, name: path }).waitFor({ state: 'attached', timeout: visible })
    },
    shows: (wanted) => waitForText(JSON.stringify(wanted), (now) => now === wanted),
    showsPart: (part) => waitForText(JSON.stringify(part), (now) => now.includes(part)),
    type: async (words, at = 'end') => {
      await editor.click()
      await page.keyboard.press(at === 'end' ? 'Control+End' : 'Control+Home')
      // As an input method does it: no suggestion of the editor gets in between.
      for (const character of words) await page.keyboard.insertText(character)
    },
    run: async (command) => {
      await page.getByLabel('Command to run in the workspace').fill(command)
      await page.getByRole('button', { name: 'Run', exact: true }).click()
    },
    task: (command) => page.locator('li[data-state]', { hasText: command }),
    output: () => page.getByRole('log', { name: 'Output of the task' }),
  }
}
