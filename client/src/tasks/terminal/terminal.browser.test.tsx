import { createId } from '@tandem/shared'
import { note, writeLogLine } from '@tandem/shared/docs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { me, mira, mySession, screenText, shell, showTerminal } from './test-terminal.tsx'

let end = () => {}
beforeEach(() => page.viewport(1000, 520))
afterEach(() => {
  end()
  vi.restoreAllMocks()
})
const show = (options: Parameters<typeof showTerminal>[0] = {}) => {
  const shown = showTerminal(options)
  end = shown.end
  return shown
}
const says = (text: string | RegExp) => expect.element(page.getByText(text)).toBeVisible()
const sees = (text: string | RegExp) => expect.poll(screenText).toMatch(text)
const textarea = () => document.querySelector<HTMLTextAreaElement>('.xterm-helper-textarea')
/** The terminal is here, and has the focus. */
const enter = async () => {
  await expect.poll(textarea).toBeTruthy()
  textarea()?.focus()
}
const mine = (size = { cols: 100, rows: 20 }) => ({ by: me, session: mySession, size })
const hers = (size = { cols: 60, rows: 12 }) => ({ by: mira, session: createId(), size })
/** What the pointer meets: the first row is 20 pixels high, or a little less. */
const drawing = () => document.querySelector('.xterm-screen') as HTMLElement
/** The rows that are drawn, and in which font. */
const drawn = () => {
  const rows = document.querySelectorAll('.xterm-rows > div').length
  return { rows, font: getComputedStyle(document.querySelector('.xterm-rows') as Element).fontSize }
}

/** Whether that line is within what is seen. */
const isInView = (text: string) => {
  const row = [...document.querySelectorAll('.xterm-rows > div')].find((each) => each.textContent?.includes(text))
  const box = document.querySelector('.xterm')?.parentElement?.getBoundingClientRect()
  const at = row?.getBoundingClientRect()
  return at !== undefined && box !== undefined && at.top >= box.top - 1 && at.bottom <= box.bottom + 1
}

test('[UI-178] output is written as bytes in order, with colours and a cursor that moves; what is missing is said', async () => {
  const t = show()
  t.write('\u001b[32mgreen\u001b[0m and 10 %')
  t.write('\r\u001b[32mgreen\u001b[0m and 99 %\r\n')
  await sees(/^green and 99 %/)
  expect(document.querySelector('.xterm-fg-2')?.textContent).toBe('green')
  t.skip(3_000)
  t.write('later\r\n')
  t.write('\u001b[31m… the link was gone …', note)
  const all = 'green and 99 %\n\n… 2.9 KB of output are not here …\nlater\n\n… the link was gone …'
  await expect.poll(() => screenText().trimEnd()).toBe(all)
})

test('[UI-179] what is typed is sent in order and in pieces, after the size of the view; a paste is one piece that nothing ends early', async () => {
  const t = show()
  await enter()
  await expect.poll(t.sizes).toHaveLength(1)
  expect(t.said[0]).toMatchObject({ t: 'resize', size: { cols: expect.any(Number), rows: expect.any(Number) } })
  await userEvent.keyboard('ls -l{Enter}')
  await expect.poll(t.typed).toBe('ls -l\r')
  await userEvent.keyboard('{Control>}c{/Control}{Tab}{Escape}')
  await expect.poll(t.typed).toBe('ls -l\r\u0003\t\u001b')

  t.write('\u001b[?2004h$ ')
  await sees(/^\$/)
  const before = t.typed().length
  const paste = (text: string) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', text)
    textarea()?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }
  const long = '😀'.repeat(6_000)
  paste(`${long}\u001b[201~rm\t\u0003\n`)
  await expect.poll(() => t.typed().slice(before)).toBe(`\u001b[200~${long}\u241b[201~rm\t\u2403\r\u001b[201~`)
  const pieces = t.said.flatMap((m) => (m.t === 'type' ? [m.data] : []))
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(8_192)
  expect(pieces.every((piece) => piece.isWellFormed())).toBe(true)
  paste('x'.repeat(70_000))
  await says('Not all of it was typed: that is too much at once.')
})

test('[UI-184] what is to be done two thousand million times is not', async () => {
  const t = show()
  const most = 2 ** 31 - 1
  for (const end of [...'STLMIZ@Pb', ' @', ' A', "'}", "'~"]) t.write(`x\u001b[${most}${end}`)
  t.write('\u001b[2J\u001b[H3\u001b[4b\r\n\u001b[2Lall is well')
  await expect.poll(() => screenText().trimEnd()).toBe('33333\nall is well')
})

test('[UI-180] it is said who drives, and the terminal has their size: seen whole in a smaller font, or scrolled', async () => {
  const t = show()
  await expect.poll(t.sizes).toHaveLength(1)
  const [fits = { cols: 0, rows: 0 }] = t.sizes()
  t.log.terminal.set(mine(fits))
  await says(/^You drive/)
  await expect.poll(drawn).toEqual({ rows: fits.rows, font: '13px' })
  t.log.terminal.set(hers({ cols: fits.cols + 30, rows: 30 }))
  await says(/^Mira drives · \d+ × 30 · type to take over/)
  await expect.poll(() => drawn().rows).toBe(30)
  expect(Number.parseFloat(drawn().font)).toBeLessThan(13)
  // Far higher than our view: the line that is written to is in it.
  t.log.terminal.set(hers({ cols: fits.cols, rows: 90 }))
  await expect.poll(drawn).toEqual({ rows: 90, font: '13px' })
  t.write('\u001b[80;1Hfar below')
  await expect.poll(() => isInView('far below')).toBe(true)
  t.write('\u001b[Hfar above')
  await expect.poll(() => isInView('far above')).toBe(true)
  // Our own size has not changed by that.
  expect(t.sizes()).toHaveLength(1)
  t.log.terminal.set({ by: me, session: createId(), size: fits })
  await says(/^You drive in another tab/)
  t.resize({ width: 600, height: 300 })
  await expect.poll(t.sizes).toHaveLength(2)
  expect(t.sizes()[1]?.cols).toBeLessThan(fits.cols)
})

test('[UI-225] a view that is smaller than the terminal shows the line that is written to, from its first look on', async () => {
  const t = show()
  t.log.terminal.set(hers({ cols: 80, rows: 60 }))
  t.write('\u001b[50;1Hprompt')
  await expect.poll(() => isInView('prompt')).toBe(true)
  t.resize({ width: 700, height: 160 })
  await expect.poll(() => isInView('prompt')).toBe(true)
  t.resize({ width: 700, height: 400 })
  t.log.terminal.set(hers({ cols: 80, rows: 90 }))
  await expect.poll(() => isInView('prompt')).toBe(true)
})

test('[UI-181] what the terminal says by itself is said by who drives alone, and of nothing that was there before', async () => {
  const t = show()
  t.write('\u001b[c\u001b[6n')
  t.log.terminal.set(hers())
  await says(/^Mira drives/)
  t.write('\u001b[c\u001b[6n\u001b]10;?\u001b\\looks on')
  await sees('looks on')
  expect(t.typed()).toBe('')
  t.log.terminal.set(mine())
  await says(/^You drive/)
  t.write('\u001b[c')
  const answer = '\u001b[?1;2c'
  await expect.poll(t.typed).toBe(answer)
  // What is caught up with was asked before: nobody waits for it.
  t.state.patch({ synced: false })
  t.write('\u001b[6ncaught up')
  t.state.patch({ synced: true })
  await sees('caught up')
  t.write('\u001b[c')
  await expect.poll(t.typed).toBe(answer + answer)
})

test('[UI-182] whoever may not type looks on, and is told why: by role, offline, daemon away, or ended', async () => {
  const viewer = show({ role: 'viewer' })
  viewer.write('hello')
  await sees('hello')
  await says('As viewer you look on, and may not type.')
  await enter()
  await userEvent.keyboard('x')
  expect(viewer.said).toEqual([])
  end()

  const task = shell()
  const t = show({ task, answers: false })
  await enter()
  await userEvent.keyboard('a')
  await expect.poll(t.typed).toBe('a')
  t.link.patch({ phase: 'offline' })
  await says('Offline: what is typed now is not sent.')
  await says('Not all of it was typed: the connection was lost.')
  await userEvent.keyboard('b')
  t.link.patch({ phase: 'connected' })
  await expect.poll(() => t.sizes().length).toBe(2)
  await userEvent.keyboard('c')
  await expect.poll(t.typed).toBe('ac')
  const { n } = t.said.at(-1) ?? { n: 0 }
  t.hear({ t: 'error', n, code: 'conflict', message: 'its daemon is out of reach' })
  await says('Not all of it was typed: its daemon is out of reach.')
  t.render({ ...task, state: 'disconnected' })
  await says('Its daemon is out of reach: nothing can be typed.')
  t.render({ ...task, state: 'failed' })
  await says('It has ended: nothing more can be typed.')
})

test('[UI-183] F6 leaves the terminal, Escape and Tab belong to the program; what is selected is copied', async () => {
  const t = show()
  const written = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue()
  t.write('some words\r\n')
  await sees('some words')
  await enter()
  let left = 0
  addEventListener('keydown', (event) => void (event.key === 'F6' && !event.defaultPrevented && left++), { once: true })
  await userEvent.keyboard('{F6}')
  expect(left).toBe(1)
  expect(t.typed()).toBe('')
  await says(/leaves$/)
  await userEvent.dblClick(drawing(), { position: { x: 12, y: 8 } })
  await userEvent.keyboard('{Control>}{Shift>}C{/Shift}{/Control}')
  await expect.poll(() => written.mock.calls.at(-1)?.[0]).toBe('some')
  expect(t.typed()).toBe('')
})

test('[UI-183] a terminal fills the window, has the size that fits there, and goes back once the focus leaves it', async () => {
  const t = show()
  await expect.poll(t.sizes).toHaveLength(1)
  await page.getByRole('button', { name: 'Fill the window' }).click()
  await expect.poll(textarea).toBe(document.activeElement)
  await expect.poll(t.sizes).toHaveLength(2)
  const [small, large] = t.sizes()
  expect(large?.rows).toBeGreaterThan(small?.rows ?? 0)
  expect(large?.cols).toBeGreaterThan(small?.cols ?? 0)
  const elsewhere = t.host.appendChild(document.createElement('button'))
  elsewhere.focus()
  await expect.element(page.getByRole('button', { name: 'Fill the window' })).toBeInTheDocument()
  await expect.poll(() => t.sizes().at(-1)).toEqual(small)
})

test('[UI-184] a program changes neither title nor clipboard, and a link leads to the web only, after a click', async () => {
  const t = show()
  const opened = vi.spyOn(window, 'open').mockReturnValue(null)
  const written = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue()
  const link = (address: string, text: string) => `\u001b]8;;${address}\u001b\\${text}\u001b]8;;\u001b\\`
  t.write(`\u001b]2;owned\u0007\u001b]52;c;b3duZWQ=\u0007${link('https://example.org/a', 'https://bank.example')}\r\n`)
  t.write(`${link('javascript:alert(1)', 'second')}\r\n`)
  await sees('second')
  expect(document.title).toBe('Tandem')
  expect(opened).not.toHaveBeenCalled()
  const [first, second] = [{ position: { x: 20, y: 8 } }, { position: { x: 20, y: 28 } }]
  await userEvent.hover(drawing(), first)
  // Where it leads, whatever it says of itself.
  await says('https://example.org/a')
  await userEvent.click(drawing(), first)
  await expect.poll(() => opened.mock.calls).toEqual([['https://example.org/a', '_blank', 'noopener,noreferrer']])
  await userEvent.hover(drawing(), second)
  await expect.element(page.getByText('https://example.org/a')).not.toBeInTheDocument()
  await userEvent.click(drawing(), second)
  expect(opened).toHaveBeenCalledTimes(1)
  expect(written).not.toHaveBeenCalled()
})

test('[UI-185] the same output is read as text, and a screen reader gets the terminal’s lines where it is asked for', async () => {
  const t = show()
  t.write('one\r\ntwo\r\n')
  await sees(/one\ntwo/)
  await page.getByRole('button', { name: 'Made for a screen reader' }).click()
  await expect.poll(() => document.querySelector('.xterm-accessibility-tree')?.textContent).toContain('one')
  await page.getByRole('button', { name: 'Text' }).click()
  await expect.poll(() => page.getByRole('log').element().textContent).toContain('one2two')
  await page.getByRole('button', { name: 'Terminal' }).click()
  await sees(/one\ntwo/)
})

test('[UI-186] after the end the whole output is shown, read-only, from where it was put away', async () => {
  const part = (q: number, text: string) =>
    writeLogLine({ q, o: q * 10, t: 0, s: 1, d: new TextEncoder().encode(text) })
  const bodies = [part(0, '$ from the\r\n'), part(1, 'to the end\r\n')]
  const segments = bodies.map((body, i) => ({ blob: String(i).repeat(64), size: body.length, lines: 1 }))
  let isUp = false
  vi.spyOn(globalThis, 'fetch').mockImplementation((url) => {
    const at = segments.findIndex(({ blob }) => typeof url === 'string' && url.endsWith(blob))
    if (at === 1 && !isUp) return Promise.reject(new TypeError('no network'))
    return Promise.resolve(new Response(bodies[at] ?? '', { status: at < 0 ? 404 : 200 }))
  })
  const t = show({ task: shell({ state: 'completed' }), output: { bytes: 20, truncated: false, segments } })
  await says(/^The rest did not come: .*the server does not answer/)
  isUp = true
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect.poll(() => screenText().trimEnd()).toBe('$ from the\nto the end')
  await expect.element(page.getByText(/^The rest did not come/)).not.toBeInTheDocument()
  await says('It has ended: nothing more can be typed.')
  await enter()
  await userEvent.keyboard('x')
  expect(t.said).toEqual([])
})
