import { openBrowser, openTab, type Tandem } from '@tandem/e2e'
import { pause } from './pause.ts'
import type { Row } from './stats.ts'

const count = 120

declare global {
  var seen: { length: number; at: number }[]
}

/**
 * A key pressed in one tab until another shows its letter, both in real Chromium: pairs are matched by the length of
 * the text. "Shown" is the change in the page; painting it comes up to one frame later.
 */
export async function typing(tandem: Tandem, path: string): Promise<Row[]> {
  const browser = await openBrowser()
  try {
    const [a, b] = [await openTab(browser, tandem), await openTab(browser, tandem)]
    for (const tab of [a, b]) {
      await tab.open(path)
      await tab.shows('')
    }
    await a.page.evaluate(() => {
      globalThis.seen = []
      addEventListener(
        'keydown',
        () => seen.push({ length: seen.length + 1, at: performance.timeOrigin + performance.now() }),
        true,
      )
    })
    await b.page.evaluate(() => {
      globalThis.seen = []
      const lines = document.querySelector('.monaco-editor .view-lines')
      const look = () => {
        const length = [...(lines?.querySelectorAll('.view-line') ?? [])].reduce(
          (sum, line) => sum + (line.textContent ?? '').replaceAll('\u200b', '').length,
          0,
        )
        if (length !== seen.at(-1)?.length) seen.push({ length, at: performance.timeOrigin + performance.now() })
      }
      if (lines) new MutationObserver(look).observe(lines, { childList: true, subtree: true, characterData: true })
    })
    await a.page.locator('.monaco-editor .view-lines').first().click()
    for (let i = 0; i < count; i++) {
      await a.page.keyboard.press('abcdefgh'[i % 8] ?? 'a')
      await pause(30)
    }
    await b.showsPart('abcdefgh'.repeat(count / 8))
    const [pressed, shown] = [await a.page.evaluate(() => seen), await b.page.evaluate(() => seen)]
    const samples = pressed.flatMap(({ length, at }) => {
      const first = shown.find((s) => s.length >= length)
      return first ? [first.at - at] : []
    })
    return [{ what: 'keystroke -> other tab (Chromium)', samples }]
  } finally {
    await browser.close()
  }
}
