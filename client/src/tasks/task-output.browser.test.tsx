import { createId, type Task } from '@tandem/shared'
import { writeLogLine } from '@tandem/shared/docs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { begun, now, showMonitor } from './test-monitor.tsx'

let end = () => {}
beforeEach(() => page.viewport(1190, 520))
afterEach(() => {
  end()
  vi.restoreAllMocks()
})
const show = (task: Task) => {
  const monitor = showMonitor({ tasks: [task] })
  end = monitor.end
  return monitor
}
const button = (name: string | RegExp) => page.getByRole('button', { name })
const log = () => page.getByRole('log').element() as HTMLElement
const rows = () => [...log().querySelectorAll<HTMLElement>('[data-stream]')]
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i} of the output\n`).join('')
const sees = (text: string) => expect.element(page.getByText(text, { exact: true })).toBeVisible()
/** Whether it is not only in the page but within what the scroller shows. */
const isInView = (text: string) => {
  const row = rows()
    .find((r) => r.textContent?.includes(text))
    ?.getBoundingClientRect()
  const box = log().getBoundingClientRect()
  return row !== undefined && row.top >= box.top - 1 && row.bottom <= box.bottom + 1
}

test('[UI-166] [S131] the end is followed until one scrolls up, and again once one is back', async () => {
  const task = begun()
  const monitor = show(task)
  monitor.write(task, lines(0, 500))
  await expect.poll(() => isInView('line 499 ')).toBe(true)
  const follow = button('Follow the end')
  await expect.element(follow).toHaveAttribute('aria-pressed', 'true')
  log().scrollTop -= 2_000
  await expect.element(follow).toHaveAttribute('aria-pressed', 'false')
  await expect.poll(() => rows().length > 0 && !isInView('line 499 ')).toBe(true)
  const seen = rows().find((row) => row.getBoundingClientRect().top >= log().getBoundingClientRect().top)?.textContent
  monitor.write(task, lines(500, 900))
  await expect.poll(() => log().scrollHeight).toBeGreaterThan(900 * 18)
  expect(rows().find((row) => row.getBoundingClientRect().top >= log().getBoundingClientRect().top)?.textContent).toBe(
    seen,
  )
  await button('Latest output').click()
  await expect.poll(() => isInView('line 899 ')).toBe(true)
  log().scrollTop -= 500
  await expect.element(follow).toHaveAttribute('aria-pressed', 'false')
  log().scrollTop = log().scrollHeight
  await expect.element(follow).toHaveAttribute('aria-pressed', 'true')
  monitor.write(task, 'the very last\n')
  await sees('the very last')
})

test('[UI-175] [UI-177] [UI-167] a hundred thousand lines: few are in the page, and the keyboard finds its way in all', async () => {
  const task = begun()
  const monitor = show(task)
  // The live window holds a megabyte: what the page has read stays.
  for (let i = 0; i < 100_000; i += 5_000) {
    monitor.write(task, lines(i, i + 5_000))
    await expect.poll(() => isInView(`line ${i + 4_999} `)).toBe(true)
  }
  expect(rows().length).toBeLessThan(100)
  log().focus()
  await userEvent.keyboard('g')
  await expect.poll(() => isInView('line 0 of')).toBe(true)
  await userEvent.keyboard('/')
  await expect.element(page.getByRole('textbox', { name: 'Words to find in the output' })).toHaveFocus()
  await userEvent.keyboard('LINE 7777')
  await expect.element(page.getByText('11 hits')).toBeVisible()
  await userEvent.keyboard('{Enter}')
  await expect.element(page.getByText('1 of 11')).toBeVisible()
  await expect.poll(() => isInView('line 7777 ')).toBe(true)
  await userEvent.keyboard('{Enter}')
  await expect.poll(() => isInView('line 77770 ')).toBe(true)
  log().focus()
  await userEvent.keyboard('n')
  await expect.poll(() => isInView('line 77771 ')).toBe(true)
  await userEvent.keyboard('NN')
  await expect.poll(() => isInView('line 7777 ')).toBe(true)
  await userEvent.keyboard('w')
  await expect.element(button('Wrap long lines')).toHaveAttribute('aria-pressed', 'true')
  await expect.poll(() => isInView('line 7777 ')).toBe(true)
  expect(rows().length).toBeLessThan(100)
  await userEvent.keyboard('t')
  await expect.element(button('Show when each line came')).toHaveAttribute('aria-pressed', 'true')
  await userEvent.keyboard('G')
  await expect.poll(() => isInView('line 99999 ')).toBe(true)
  await userEvent.keyboard('f')
  await expect.element(button('Follow the end')).toHaveAttribute('aria-pressed', 'false')
})

test('[UI-175] a long line wraps, and what is below it stays in its place', async () => {
  const task = begun()
  const monitor = show(task)
  monitor.write(task, `${'wide '.repeat(700)}\n${lines(0, 50)}`)
  await button('Wrap long lines').click()
  log().focus()
  await userEvent.keyboard('g')
  await expect.poll(() => rows()[0]?.getBoundingClientRect().height).toBeGreaterThan(18 * 10)
  const heights = rows().map((row) => row.getBoundingClientRect().height)
  expect(heights.slice(1).every((height) => height === 18)).toBe(true)
  await userEvent.keyboard('G')
  await sees('line 49 of the output')
  // What was reckoned from the number of characters is what the browser made of it.
  const [first, last] = [rows()[0], rows().at(-1)]
  expect(first && last).toBeTruthy()
  expect(Math.abs((last?.getBoundingClientRect().bottom ?? 0) - log().getBoundingClientRect().bottom + 4)).toBeLessThan(
    20,
  )
})

test('[UI-204] output that pours in fills the elements that are there; a row that is looked at keeps its own', async () => {
  const task = begun()
  const monitor = show(task)
  monitor.write(task, lines(0, 500))
  await expect.poll(() => isInView('line 499 ')).toBe(true)
  const before = rows()
  monitor.write(task, lines(500, 5_000))
  await expect.poll(() => isInView('line 4999 ')).toBe(true)
  expect(rows().filter((row) => before.includes(row)).length).toBeGreaterThan(before.length - 2)
  // A few lines more move up what is there.
  const row = rows().find((each) => each.textContent?.includes('line 4990 '))
  monitor.write(task, lines(5_000, 5_003))
  await expect.poll(() => isInView('line 5002 ')).toBe(true)
  expect(row?.textContent).toContain('line 4990 ')
  log().scrollTop = 0
  await expect.poll(() => isInView('line 0 ')).toBe(true)
  expect(row?.isConnected).toBe(false)
})

test('[UI-168] a part is folded and opened, and a hit in it opens it', async () => {
  const task = begun()
  const monitor = show(task)
  monitor.write(task, '::group::Install\nadded packages\n::endgroup::\n--- a/x\n+++ b/x\nafter\n')
  await sees('added packages')
  await button('Install').click()
  await expect.element(page.getByText('added packages')).not.toBeInTheDocument()
  await sees('after')
  await expect.element(page.getByText('endgroup')).not.toBeInTheDocument()
  await button('Search the output').click()
  await userEvent.keyboard('packages{Enter}')
  await expect.poll(() => log().querySelector('mark')?.textContent).toBe('packages')
})

test('[UI-206] a folded part says what it hides, and the keyboard opens it', async () => {
  const task = begun()
  const monitor = show(task)
  monitor.write(task, '::group::Install\nadded packages\nand more\n::endgroup::\nafter\n')
  await sees('added packages')
  const heading = page.getByRole('button', { name: /^Install/ })
  await expect.element(heading).toHaveAttribute('aria-expanded', 'true')
  heading.element().focus()
  await userEvent.keyboard('{Enter}')
  await expect.element(heading).toHaveAttribute('aria-expanded', 'false')
  await expect.element(heading).toHaveTextContent('Install2 lines')
  await expect.element(heading).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  await sees('added packages')
})

test('[UI-207] a regular expression is looked for, and what is none says so', async () => {
  const task = begun()
  const monitor = show(task)
  monitor.write(task, 'a1\nb22\nc\n')
  await sees('b22')
  await button('Search the output').click()
  await button('Search by regular expression').click()
  const box = page.getByRole('textbox', { name: 'Words to find in the output' })
  await box.fill('[ab]\\d+')
  await expect.element(page.getByText('2 hits')).toBeVisible()
  await expect.poll(() => [...log().querySelectorAll('mark')].map((mark) => mark.textContent)).toEqual(['a1', 'b22'])
  await box.fill('[ab')
  await expect.element(page.getByText(/^this is no pattern we know/)).toBeVisible()
  await expect.element(box).toHaveAttribute('aria-invalid', 'true')
})

test('[UI-170] the whole output comes in parts; its end is shown until then, and what did not come is asked for again', async () => {
  const part = (q: number, text: string) =>
    writeLogLine({ q, o: q * 100, t: 0, s: 1, d: new TextEncoder().encode(text) })
  const bodies = [part(0, 'from the start\n') + part(1, 'on\n'), part(2, 'to the end\n')]
  const segments = bodies.map((body, i) => ({ blob: String(i).repeat(64), size: body.length, lines: 1 }))
  let isUp = false
  vi.spyOn(globalThis, 'fetch').mockImplementation((url) => {
    const at = segments.findIndex(({ blob }) => typeof url === 'string' && url.endsWith(blob))
    return at === 1 && !isUp
      ? Promise.reject(new TypeError('no network'))
      : Promise.resolve(new Response(bodies[at] ?? '', { status: at < 0 ? 404 : 200 }))
  })
  const output = { bytes: 300, truncated: false, tail: 'only the tail\n', segments }
  const task = begun({ id: createId(), state: 'completed', completedAt: now, result: { exitCode: 0, output } })
  show(task)
  await expect.element(page.getByText(/^The rest did not come/)).toBeVisible()
  await sees('from the start')
  await expect.element(page.getByText('only the tail')).not.toBeInTheDocument()
  isUp = true
  await button('Try again').click()
  await sees('to the end')
  await expect.element(page.getByText(/^The rest did not come/)).not.toBeInTheDocument()
})

test('[UI-208] while the whole output is on its way it is searched on the server, and a hit is shown once it is here', async () => {
  const text = lines(0, 300)
  const body = writeLogLine({ q: 0, o: 0, t: 0, s: 1, d: new TextEncoder().encode(text) })
  let release = () => {}
  const arrival = new Promise<void>((go) => (release = go))
  const asked: string[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (url) => {
    const path = typeof url === 'string' ? url : ''
    asked.push(path)
    if (path.includes('/log/search?')) {
      const hit = { q: 0, o: text.indexOf('line 42 '), t: 1_000, s: 1, text: 'line 42 of the output', at: [5, 7] }
      return Response.json({ matches: [hit], isComplete: true })
    }
    await arrival
    return new Response(body)
  })
  const segments = [{ blob: 'a'.repeat(64), size: body.length, lines: 1 }]
  const output = { bytes: text.length, truncated: false, tail: 'only the tail\n', segments }
  show(begun({ state: 'completed', completedAt: now, result: { exitCode: 0, output } }))
  await sees('only the tail')
  await button('Search the output').click()
  await userEvent.keyboard('42')
  await expect.element(page.getByText('In the whole output, on the server: 1 line.')).toBeVisible()
  expect(asked.filter((path) => path.includes('/log/search?')).at(-1)).toContain('attempt=1&q=42')
  await page.getByRole('button', { name: /line 42 of the output/ }).click()
  await expect.element(page.getByText(/The line is shown once the rest is here/)).toBeVisible()
  release()
  await expect.poll(() => log().querySelector('[data-chosen]')?.textContent).toContain('line 42 of the output')
  await expect.element(page.getByText(/^In the whole output/)).not.toBeInTheDocument()
})

test('[UI-169] a line’s number copies a link that leads to it', async () => {
  const written = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue()
  const task = begun()
  const monitor = show(task)
  monitor.write(task, 'one\ntwo\nthree\n')
  await sees('two')
  rows()[1]?.querySelector('a')?.click()
  await expect.element(page.getByText('Copied a link to line 2.')).toBeVisible()
  expect(written.mock.calls[0]?.[0]).toContain(`#task=${task.id}&attempt=1&at=4`)
  await button('Copy output').click()
  await expect.poll(() => written.mock.calls.at(-1)?.[0]).toBe('one\ntwo\nthree')
})

test('[UI-228] a line that is clicked is the one whose link is copied, and a web address in it is a link', async () => {
  const written = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue()
  const task = begun()
  const monitor = show(task)
  monitor.write(task, 'one\nat http://localhost:5173/\nthree\n')
  await page.getByText('three', { exact: true }).click()
  expect(rows()[2]?.hasAttribute('data-chosen')).toBe(true)
  await button('Copy a link to this line').click()
  await expect.poll(() => written.mock.calls[0]?.[0]).toContain('&at=30')
  const address = page.getByRole('link', { name: 'http://localhost:5173/' })
  await expect.element(address).toHaveAttribute('rel', 'noopener noreferrer')
  await expect.element(address).toHaveAttribute('target', '_blank')
})

test('[UI-175] while five megabytes of output a second pour in, what is typed arrives whole', async ({ annotate }) => {
  const task = begun()
  const monitor = show(task)
  const seconds = 4
  const line = `${'x'.repeat(99)}\n`
  const piece = line.repeat(655)
  const frames: number[] = []
  let last = performance.now()
  let isOver = false
  const frame = (at: number) => {
    frames.push(at - last)
    last = at
    if (!isOver) requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
  // Eighty pieces of 64 KB a second; behind schedule, those that are due come at once.
  const begunAt = performance.now()
  let written = 0
  const pour = new Promise<void>((resolve) => {
    const more = () => {
      const due = Math.min(seconds * 80, Math.ceil((performance.now() - begunAt) * 0.08))
      for (; written < due; written++) monitor.write(task, piece)
      if (written >= seconds * 80) return resolve()
      setTimeout(more, 12)
    }
    more()
  })
  const box = page.getByLabelText('Command to run in the workspace')
  await box.click()
  await userEvent.keyboard('npm run something-long-enough-to-be-typed')
  await pour
  monitor.write(task, 'the end\n')
  await expect.poll(() => isInView('the end')).toBe(true)
  isOver = true
  await expect.element(box).toHaveValue('npm run something-long-enough-to-be-typed')
  expect(rows().length).toBeLessThan(100)
  const sorted = frames.toSorted((a, b) => a - b)
  const at = (part: number) => (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(1)
  await annotate(
    `${sorted.length} frames, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`,
  )
})

test('[UI-220] a task that wrote nothing says so once it has ended', async () => {
  const output = { bytes: 0, truncated: false, tail: '', segments: [] }
  show(begun({ state: 'completed', completedAt: now, result: { exitCode: 0, output } }))
  await sees('It wrote nothing.')
  await expect.element(page.getByText(/loading/i)).not.toBeInTheDocument()
})

test('[UI-221] a link’s line is looked up in the whole output, never in the end that is here before it', async () => {
  const text = lines(0, 600)
  const body = writeLogLine({ q: 0, o: 0, t: 0, s: 1, d: new TextEncoder().encode(text) })
  vi.spyOn(globalThis, 'fetch').mockImplementation(() => Promise.resolve(new Response(body)))
  const segments = [{ blob: 'a'.repeat(64), size: body.length, lines: 600 }]
  const output = { bytes: text.length, truncated: false, tail: lines(500, 600), segments }
  const task = begun({ state: 'completed', completedAt: now, result: { exitCode: 0, output } })
  history.replaceState(null, '', `#task=${task.id}&attempt=1&at=${text.indexOf('line 42 ')}`)
  show(task)
  await expect.poll(() => log().querySelector('[data-chosen]')?.textContent).toContain('line 42 of the output')
})
