import axe from 'axe-core'
import { createId, type Id } from '@tandem/shared'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { approvalFor, mira, now, showPanel } from './test-panel.tsx'

let end = () => {}
beforeEach(() => page.viewport(440, 780))
afterEach(() => end())

const show = (options: Parameters<typeof showPanel>[0] = {}) => {
  const panel = showPanel(options)
  end = panel.end
  return panel
}
const input = page.getByRole('textbox', { name: 'Message to the agent' })
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const shows = (place: typeof input, words: RegExp) => expect.poll(() => place.element().textContent).toMatch(words)
/** Waits for what comes with the next renders, so that what stays absent can be told. */
const settled = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))

test('[UI-260] before anything was asked, what was found is one click away, and where a key goes is said', async () => {
  const { ask } = show()
  await expect.element(page.getByText('qwen3-coder, Ollama', { exact: true }).first()).toBeVisible()
  await expect.element(page.getByText('It is no model: it carries out a few commands.')).toBeVisible()
  await expect.element(page.getByText('It has no key.')).toBeVisible()
  await expect.element(button('Copy OPENAI_API_KEY')).toBeVisible()
  await expect.element(button('Use OpenAI gpt-4o')).not.toBeInTheDocument()
  await button('Use OpenCode').click()
  await expect.element(button('OpenCode is used')).toHaveAttribute('aria-pressed', 'true')
  await input.fill('hello')
  await userEvent.keyboard('{Enter}')
  expect(ask.mock.calls[0]?.[0]).toMatchObject({ task: { payload: { model: 'acp:opencode', mode: 'ask' } } })
})

test('[UI-261] [S258] a message begins a run, which is a task; what it is asked by is in the conversation', async () => {
  const { ask, chat, conversation } = show()
  await page.getByRole('combobox', { name: 'What it may do' }).selectOptions('plan')
  await input.fill('explain the sum')
  await button('Send').click()
  const [[body] = []] = ask.mock.calls
  expect(body).toMatchObject({
    kind: 'create',
    task: {
      title: 'explain the sum',
      onLost: 'requeue',
      payload: { kind: 'agent', prompt: 'explain the sum', conversationId: conversation, mode: 'plan' },
    },
  })
  const [[id, message] = []] = [...chat.snapshot()]
  expect(message).toMatchObject({ text: 'explain the sum', deliver: 'now', run: ask.mock.results[0]?.value })
  expect(body).toMatchObject({ task: { payload: { message: id } } })
  await expect.element(page.getByText('asking')).toBeVisible()
  await expect.element(input).toHaveValue('')
})

test('[UI-261] while a run goes on more is queued or steers it, and is changed or taken back until it is heard', async () => {
  const { begin, chat } = show()
  const { run, doc } = begin('rename sum')
  await input.fill('and test it')
  await userEvent.keyboard('{Enter}')
  await input.fill('not in b.ts')
  await userEvent.keyboard('{Control>}{Enter}{/Control}')
  const later = () => [...chat.snapshot()].filter(([, { deliver }]) => deliver !== 'now')
  expect(later().map(([, { text, deliver, run: to }]) => [text, deliver, to])).toEqual([
    ['and test it', 'queue', run],
    ['not in b.ts', 'steer', run],
  ])
  const queue = page.getByRole('list', { name: 'Sent, not heard yet' })
  await expect.element(queue).toBeVisible()
  await queue.getByRole('button', { name: 'Change this message' }).first().click()
  await queue.getByRole('textbox', { name: 'The waiting message' }).fill('and run the tests')
  await userEvent.keyboard('{Enter}')
  await queue.getByRole('button', { name: 'Say it at the next step' }).click()
  expect(later().map(([, { text, deliver }]) => [text, deliver])).toEqual([
    ['and run the tests', 'steer'],
    ['not in b.ts', 'steer'],
  ])
  await queue.getByRole('button', { name: 'Take this message back' }).last().click()
  doc.deliver(later()[0]?.[0] as Id, { at: now })
  await expect.element(queue).not.toBeInTheDocument()
  expect(later().length).toBe(1)
})

test('[UI-262] [S261] Escape twice stops what runs, once does not; the button stays in view', async () => {
  const { begin, ask, host } = show()
  const { run, say, set } = begin('rename sum')
  say('assistant', Array.from({ length: 60 }, (_, i) => `Line ${i}.\n\n`).join(''))
  await expect.element(page.getByText('Line 59.')).toBeVisible()
  await expect.element(button('Stop')).toBeInViewport()
  await input.click()
  await userEvent.keyboard('{Escape}')
  expect(ask).not.toHaveBeenCalled()
  await userEvent.keyboard('{Escape}')
  expect(ask.mock.calls).toEqual([[{ kind: 'cancel', task: run, force: false }]])
  set({ state: 'cancelling' })
  await button('Stop at once').click()
  expect(ask.mock.calls[1]).toEqual([{ kind: 'cancel', task: run, force: true }])
  set({ state: 'cancelled' })
  await expect.element(button(/^Stop/)).not.toBeInTheDocument()
  expect(host.textContent).toContain('stopped')
})

test('[UI-263] [S259] what grows is rendered alone: of a long answer the parts that stand are the same elements', async () => {
  const { begin, host } = show()
  const { doc, say } = begin('explain')
  say('assistant', 'It begins **here**.')
  await expect.element(page.getByText('here', { exact: true })).toBeVisible()
  const before = host.querySelector('strong')
  doc.draft.begin({ kind: 'text' })
  doc.draft.add('A first paragraph.\n\n')
  await expect.element(page.getByText('A first paragraph.')).toBeVisible()
  const first = page.getByText('A first paragraph.').element()
  let added = 0
  let touched = 0
  const watch = new MutationObserver((records) => {
    for (const { target, addedNodes } of records) {
      added += addedNodes.length
      if (first.contains(target) || before?.contains(target)) touched++
    }
  })
  watch.observe(host, { childList: true, characterData: true, subtree: true })
  for (let i = 0; i < 200; i++) doc.draft.add(`Word ${i} of many. `)
  await expect.element(page.getByText(/Word 199 of many/)).toBeVisible()
  for (let i = 0; i < 20; i++) doc.draft.add(`\n\nPart ${i}.`)
  await expect.element(page.getByText('Part 19.')).toBeVisible()
  watch.disconnect()
  expect([touched, host.contains(first), host.querySelector('strong') === before]).toEqual([0, true, true])
  // One element a part, and what stands between.
  expect(added).toBeLessThan(60)
})

test('[UI-264] [S263] what an agent writes is no HTML, loads nothing and leads nowhere else', async () => {
  const { begin, file, host, opened } = show()
  const { id } = file('src/a.ts', 'x')
  const { say } = begin('show')
  say(
    'assistant',
    '# Title\n\n<img src=x onerror="window.hacked=1"> <b>bold</b>\n\n![pic](https://evil.example/p.png) [bad](javascript:alert(1)) [good](https://example.org/) [file](./src/a.ts) `src/a.ts:3`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- [x] done\n- open\n',
  )
  await expect.element(page.getByRole('heading', { name: 'Title' })).toBeVisible()
  expect(host.querySelector('img, b, iframe, script')).toBeNull()
  expect(host.textContent).toContain('<b>bold</b>')
  expect([...host.querySelectorAll('a')].map((a) => [a.textContent, a.href, a.rel, a.target])).toEqual([
    ['picture: pic', 'https://evil.example/p.png', 'noopener noreferrer', '_blank'],
    ['good', 'https://example.org/', 'noopener noreferrer', '_blank'],
  ])
  await button('file').click()
  await button('src/a.ts:3').click()
  expect(opened).toEqual([id, id])
  await expect.element(page.getByRole('cell', { name: '2' })).toBeVisible()
})

test('[UI-265] [S260] a call of a tool is a row with what, how long and how much, and unfolds', async () => {
  const { begin } = show()
  const { call, answer, doc } = begin('look')
  call('c1', 'readFile', { path: 'src/a.ts' })
  doc.note('c1', { state: 'begun', at: now, attempt: 1 })
  await expect.element(button(/^Read src\/a\.ts running$/)).toBeVisible()
  doc.note('c1', { state: 'ended', at: now + 1_200, attempt: 1 })
  answer('c1', 'readFile', 'x'.repeat(2_048))
  const row = button(/^Read src\/a\.ts 1\.2 s · 2\.0 KB$/)
  await row.click()
  await shows(page.getByRole('region', { name: 'What it was given' }), /path: src\/a\.ts/)
  await shows(page.getByRole('region', { name: 'What came of it' }), /xxx/)
  call('c2', 'fetch', { url: 'https://example.org' })
  answer('c2', 'fetch', 'not allowed: no', 'error-text')
  await expect.element(button(/^Fetch https:\/\/example\.org failed$/)).toBeVisible()
})

test('[UI-266] changes are kept by file and undone by piece; what people typed stays, and what was undone comes back', async () => {
  const { begin, file } = show()
  const a = file('a.ts', 'let a = 1\n\n\n\nlet z = 1\n')
  const b = file('b.ts', 'let b = 1\n')
  const run = begin('change them')
  run.edit('c1', a, 'let a = 20\n\n\n\nlet z = 9\n')
  run.edit('c2', b, 'let b = 2\n')
  await expect.element(page.getByText('2 files changed')).toBeVisible()
  await expect.element(page.getByText('3 of 3 to look at')).toBeVisible()
  await button('Keep b.ts').click()
  await expect.element(page.getByText('2 of 3 to look at')).toBeVisible()
  a.text.insert(a.text.toString().indexOf('20') + 2, ' /* mine */')
  await button('Changes in a.ts').click()
  await button('Undo: Line 1').click()
  await expect.poll(() => a.text.toString()).toBe('let a = 1 /* mine */\n\n\n\nlet z = 9\n')
  await shows(page.getByRole('region', { name: 'Line 1, before and after' }), /let a = 20/)
  await page.getByRole('button', { name: 'Bring back', exact: true }).click()
  await expect.poll(() => a.text.toString()).toBe('let a = 20 /* mine */\n\n\n\nlet z = 9\n')
  await button('Undo all').click()
  await expect.poll(() => b.text.toString()).toBe('let b = 1\n')
  await expect.element(button('Bring all back')).toBeVisible()
  expect(a.text.toString()).toContain('/* mine */')
})

test('[UI-266] who may not edit sees what was changed, and may not decide', async () => {
  const { begin, file } = show({ role: 'commenter' })
  const a = file('a.ts', 'let a = 1\n')
  begin('change').edit('c1', a, 'let a = 2\n')
  await expect.element(button('Keep a.ts')).toBeDisabled()
  await expect.element(page.getByText('As commenter you may look, not decide.')).toBeVisible()
})

test('[UI-267] a run that tries again counts down, one without a key says where it goes, one that failed is asked again', async () => {
  const { begin, ask } = show()
  const { status, set, run, doc } = begin('explain')
  status({ code: 'retry', until: now + 42_000, reason: 'the provider is busy (try 2)' })
  await expect.element(page.getByText('tries again in 42 s · the provider is busy (try 2)')).toBeVisible()
  status({ state: 'waiting', activity: 'idle', code: 'needs-key', reason: 'openai has no key' })
  await expect.element(page.getByText('waits for you · openai has no key')).toBeVisible()
  await expect.element(button('Copy OPENAI_API_KEY')).toBeVisible()
  doc.set('usage', { rounds: 2, inputTokens: 1_000, outputTokens: 50, costUsd: 0.5 })
  status({ state: 'failed', activity: 'idle', code: 'model-no-credit', reason: 'You exceeded your quota' })
  set({ state: 'failed' })
  await shows(page.getByRole('alert'), /no credit left\. It said: You exceeded your quota/)
  await expect.element(page.getByText('1,000 tokens in, 50 out, 2 rounds, $0.50')).toBeVisible()
  await button('Ask again').click()
  expect(ask.mock.calls[0]?.[0]).toMatchObject({ kind: 'create', task: { payload: { prompt: 'explain' } } })
  expect(ask.mock.results[0]?.value).not.toBe(run)
})

test('[UI-268] code in an answer is run as a task, and how that ends stands below it', async () => {
  const { begin, ask, tasks } = show()
  const { say, task } = begin('how')
  say('assistant', 'Run it:\n\n```sh\nnpm test\n```\n\nand\n\n```ts\nexport default 2\n```\n\n```css\na {}\n```\n')
  await expect.element(button('Run this code').first()).toBeVisible()
  expect(button('Run this code').elements().length).toBe(2)
  expect(button('Copy this code').elements().length).toBe(3)
  await button('Run this code').first().click()
  expect(ask.mock.calls[0]?.[0]).toMatchObject({
    task: { title: 'npm test', payload: { kind: 'command', command: 'npm test', shell: true } },
  })
  const ran = ask.mock.results[0]?.value as typeof task.id
  const payload = { kind: 'command', command: 'npm test', args: [] as string[], cwd: '', shell: true } as const
  const output = { bytes: 9, truncated: false, tail: '1 failed\n' }
  tasks.set(ran, { ...task, id: ran, payload, state: 'failed', completedAt: now, result: { exitCode: 1, output } })
  await expect
    .element(page.getByRole('link', { name: /npm test failed · exit 1/ }))
    .toHaveAttribute('href', `#task=${ran}`)
  await shows(page.getByRole('region', { name: 'The end of its output' }), /1 failed/)
})

test('[UI-269] a file is named with the keyboard alone; Escape closes the list and stops nothing', async () => {
  const { begin, file, chat, ask } = show()
  file('src/sum.ts', '')
  file('notes/summary.md', '')
  begin('x')
  await input.click()
  await userEvent.keyboard('look at @sum')
  const list = page.getByRole('listbox', { name: 'Files' })
  await expect.element(list).toBeVisible()
  expect(
    list
      .getByRole('option')
      .elements()
      .map((e) => e.textContent),
  ).toEqual(['src/sum.ts', 'notes/summary.md'])
  await userEvent.keyboard('{ArrowDown}')
  await expect.element(list.getByRole('option', { name: 'notes/summary.md' })).toHaveAttribute('aria-selected', 'true')
  await userEvent.keyboard('{ArrowUp}{Enter}')
  await expect.element(input).toHaveValue('look at @src/sum.ts ')
  await userEvent.keyboard('and @not')
  await userEvent.keyboard('{Escape}{Escape}')
  await expect.element(list).not.toBeInTheDocument()
  expect(ask).not.toHaveBeenCalled()
  await userEvent.keyboard('{Enter}')
  const sent = [...chat.snapshot().values()].at(-1)
  expect([sent?.text, sent?.mentions]).toEqual(['look at @src/sum.ts and @not', [{ path: 'src/sum.ts' }]])
})

test('[UI-270] a message is changed and sent again in its place, and what still runs of its course is stopped', async () => {
  const { begin, ask, chat } = show()
  const { run, message } = begin('rename sum', { mode: 'auto-edit' })
  await button('Change and send again').click()
  await page.getByRole('textbox', { name: 'The message, changed' }).fill('rename sum to total')
  await button('Send again').click()
  expect(ask.mock.calls.map(([body]) => body.kind)).toEqual(['cancel', 'create'])
  expect(ask.mock.calls[0]?.[0]).toMatchObject({ task: run })
  const last = [...chat.snapshot().values()].at(-1)
  expect(last).toMatchObject({ text: 'rename sum to total', replaces: message, mode: 'auto-edit' })
  await expect.element(page.getByRole('article', { name: 'Asked: rename sum', exact: true })).not.toBeInTheDocument()
})

test('[UI-271] what a run wants to do is asked where it wants it', async () => {
  const { begin, ops } = show()
  const { run, call } = begin('push it')
  call('c1', 'runTask', { command: 'git push' })
  ops.approvals.set(...approvalFor(run, 'c1', 'git push'))
  const asked = page.getByRole('region', { name: 'Question' })
  await shows(asked, /git push/)
  const [id, approval] = approvalFor(run, 'c1', 'git push')
  ops.approvals.set(id, { ...approval, subject: { task: createId() } })
  expect(asked.elements().length).toBe(1)
})

test('[UI-272] [S254] conversations are listed, the newest first, by what they began with or their title', async () => {
  const { begin, chat, tasks } = show()
  const { task } = begin('rename sum', {}, { state: 'completed' })
  const other = createId()
  const payload = { kind: 'agent', prompt: 'fix it', conversationId: other } as const
  const id = createId()
  tasks.set(id, { ...task, id, title: 'fix it', payload, createdBy: mira, createdAt: now - 120_000 })
  const list = page.getByRole('combobox', { name: 'Conversations' })
  await expect.element(list).toBeVisible()
  expect([...list.element().querySelectorAll('option')].map((o) => o.textContent)).toEqual([
    'rename sum · 1 minute ago',
    'fix it · 2 minutes ago',
  ])
  await button('rename sum').click()
  await page.getByRole('textbox', { name: 'Title of the conversation' }).fill('Names')
  await userEvent.keyboard('{Enter}')
  expect(chat.title.snapshot()).toBe('Names')
  await expect.element(page.getByRole('heading', { name: 'Names' })).toBeVisible()
  await list.selectOptions(other)
  await expect.element(page.getByRole('heading', { name: 'fix it' })).toBeVisible()
  await button('New conversation').click()
  await expect.element(page.getByRole('heading', { name: 'New conversation' })).toBeVisible()
})

test('[UI-273] reasoning is folded, what was summed up says so, and what was said meanwhile stands where it was heard', async () => {
  const { begin, chat } = show()
  const { doc, say, run } = begin('work')
  say('user', 'work')
  say('assistant', [
    { type: 'reasoning', text: 'secret thoughts' },
    { type: 'text', text: 'Halfway.' },
  ])
  const id = chat.send({ text: 'mind the tests', deliver: 'steer', run, at: now })
  doc.append([{ at: now, of: id, message: { role: 'user', content: 'mind the tests' } }])
  doc.deliver(id, { at: now })
  say('assistant', 'Done with it.')
  doc.set('progress', { summary: { upTo: 2, text: 'It got halfway.' } })
  await expect.element(page.getByText('mind the tests')).toBeVisible()
  await expect.element(page.getByText('secret thoughts')).not.toBeVisible()
  await page.getByText('Thought about it').click()
  await expect.element(page.getByText('secret thoughts')).toBeVisible()
  await expect.element(page.getByText('What is above was summed up for the model, to make room')).toBeVisible()
})

test('[UI-274] offline what is asked waits; a conversation that is refused says so; who may not ask is told why', async () => {
  const panel = show({ phase: 'offline', offer: 'none' })
  await expect.element(page.getByText(/^You are offline\./)).toBeVisible()
  await input.fill('later')
  await userEvent.keyboard('{Enter}')
  await expect.element(page.getByText('sent when the connection is back', { exact: true })).toBeVisible()
  panel.end()
  const refused = show({ refused: 'you may not read it' })
  await expect.element(page.getByText('It said: you may not read it. Nothing you wrote is lost.')).toBeVisible()
  refused.end()
  const looker = show({ role: 'viewer' })
  await expect.element(page.getByText('As viewer you may read what the agent does, not ask it.')).toBeVisible()
  await expect.element(input).toBeDisabled()
  looker.end()
  const none = show({ offer: 'none' })
  await expect.element(page.getByText(/^No daemon here runs the agent\./)).toBeVisible()
  none.end()
  const later = show({ isHere: false })
  later.known('an earlier one')
  await expect.element(page.getByRole('status', { name: 'Opening the conversation' })).toBeVisible()
})

test.each(['dark', 'light'] as const)('[UI-45] a conversation has no barrier that axe can find, %s', async (theme) => {
  document.documentElement.dataset['theme'] = theme
  const { begin, file, host } = show({ size: { width: 440, height: 780 } })
  const check = async () => {
    await settled()
    const { violations } = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'],
    })
    expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)).toEqual([])
  }
  await expect.element(page.getByText('Without any key')).toBeVisible()
  await check()
  await shot(`first-${theme}`)
  const a = file('src/sum.ts', 'export function sum(a: number, b: number) {\n  return a + b\n}\n')
  const b = file('src/main.ts', "import { sum } from './sum.ts'\n\nconsole.log(sum(1, 2))\n")
  const { call, answer, say, doc, edit, run, status, task } = begin(
    'Rename sum to total, and let it take any count of numbers. @src/sum.ts',
  )
  call('c1', 'readFile', { path: 'src/sum.ts' })
  answer('c1', 'readFile', 'export function sum')
  call('c2', 'editFile', { path: 'src/sum.ts', edits: [{ oldText: 'sum', newText: 'total' }] })
  answer('c2', 'editFile', 'src/sum.ts was changed')
  edit('c2', a, 'export function total(...numbers: number[]) {\n  return numbers.reduce((a, b) => a + b, 0)\n}\n')
  edit('c3', b, "import { total } from './sum.ts'\n\nconsole.log(total(1, 2))\n")
  say('assistant', [
    { type: 'reasoning', text: 'Two files speak of it.' },
    { type: 'text', text: 'I renamed it in **two files**. Try it:\n\n```sh\nnode src/main.ts\n```\n' },
  ])
  doc.set('usage', { rounds: 3, inputTokens: 12_400, outputTokens: 812, costUsd: 0.04 })
  status({ activity: 'executing' })
  doc.draft.begin({ kind: 'input', call: 'c4', tool: 'writeFile', path: 'src/sum.test.ts' })
  doc.draft.add("import { expect, test } from 'vitest'\nimport { total } from './sum.ts'\n")
  await input.fill('and add a test')
  await userEvent.keyboard('{Enter}')
  await button('Changes in src/sum.ts').click()
  await expect.element(page.getByRole('region', { name: 'Line 1, before and after' })).toBeVisible()
  await check()
  await shot(`run-${theme}`)
  host.querySelector('[data-turns]')?.scrollTo({ top: 0 })
  await settled()
  await shot(`run-top-${theme}`)
  expect([task.id, run].length).toBe(2)
})

/** A picture for whoever looks at the page as a whole, where one is wanted. */
async function shot(name: string) {
  if (import.meta.env['VITE_SHOTS']) await page.screenshot({ path: `./shots/chat-${name}.png` })
}
