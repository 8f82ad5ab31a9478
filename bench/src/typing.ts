import { openBrowser, openTab, type Tandem } from '@tandem/e2e'
import { pause } from './pause.ts'
import type { Row } from './stats.ts'

const count = 120

type Seen = { length: number; at: number }
declare global {
  var pressed: Seen[]
  var shown: Seen[]
}

/**
 * A key pressed in one tab until another shows its letter, both in real Chromium: pairs are matched by the length of
 * the text. A letter is shown with the next frame, in its own tab too: that is the floor.
 */
export async function typing(tandem: Tandem, path: string): Promise<Row[]> {
  const browser = await openBrowser()
  try {
    const tabs = [await openTab(browser, tandem), await openTab(browser, tandem)] as const
    for (const tab of tabs) {
      await tab.open(path)
      await tab.shows('')
      await tab.page.evaluate(watchText)
    }
    const [a, b] = tabs
    await a.page.locator('.monaco-editor .view-lines').first().click()
    for (let i = 0; i < count; i++) {
      await a.page.keyboard.press('abcdefgh'[i % 8] ?? 'a')
      await pause(30)
    }
    await b.showsPart('abcdefgh'.repeat(count / 8))
    const [pressed, own, other] = [
      await a.page.evaluate(() => globalThis.pressed),
      await a.page.evaluate(() => globalThis.shown),
      await b.page.evaluate(() => globalThis.shown),
    ]
    const until = (shown: readonly Seen[]) =>
      pressed.flatMap(({ length, at }) => {
        const first = shown.find((s) => s.length >= length)
        return first ? [first.at - at] : []
      })
    return [
      {
        what: 'keystroke -> shown in the other tab (Chromium)',
        samples: until(other),
        floor: { what: 'shown in its own tab', samples: until(own) },
      },
    ]
  } finally {
    await browser.close()
  }
}

/** Runs in the page: notes when keys are pressed and when the text on screen has which length. */
function watchText(): void {
  globalThis.pressed = []
  globalThis.shown = []
  const now = () => performance.timeOrigin + performance.now()
  addEventListener('keydown', () => pressed.push({ length: pressed.length + 1, at: now() }), true)
  const lines = document.querySelector('.monaco-editor .view-lines')
  const look = () => {
    const all = [...(lines?.querySelectorAll('.view-line') ?? [])]
    const length = all.reduce((sum, line) => sum + (line.textContent ?? '').replaceAll('\u200b', '').length, 0)
    if (length !== shown.at(-1)?.length) shown.push({ length, at: now() })
  }
  if (lines) new MutationObserver(look).observe(lines, { childList: true, subtree: true, characterData: true })
}
