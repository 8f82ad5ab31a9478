import { createId, type ChatMessage, Task } from '@tandem/shared'
import { expect, test } from 'vitest'
import { blocksOf } from './blocks.ts'
import { countsOf, linesOf } from './hunk-lines.ts'
import { mentionAt, mentionsIn, offered } from './mention.ts'
import { lookOf, usageWords } from './run-words.ts'
import { targetOfLink } from './safe-link.ts'
import { turnsOf } from './turns.ts'

const message = (part: Partial<ChatMessage> & Pick<ChatMessage, 'run'>): ChatMessage => ({
  v: 1,
  text: 'x',
  mentions: [],
  mode: 'ask',
  deliver: 'now',
  at: 1,
  ...part,
})

test('[UI-270] what is sent again takes the place of what it replaces, and what followed that is left behind', () => {
  const [a, b, c, d] = [createId(), createId(), createId(), createId()] as const
  const [one, two, three] = [createId(), createId(), createId()] as const
  const messages = new Map([
    [a, message({ run: one, text: 'first' })],
    [b, message({ run: one, text: 'more', deliver: 'queue' })],
    [c, message({ run: two, text: 'second' })],
  ])
  expect(turnsOf(messages).map(({ first, later }) => [first.text, later.length])).toEqual([
    ['first', 1],
    ['second', 0],
  ])
  messages.set(d, message({ run: three, text: 'first, better', replaces: a }))
  expect(turnsOf(messages).map(({ first }) => first.text)).toEqual(['first, better'])
})

const at = (at: number, message: unknown) => ({ at, message }) as Parameters<typeof blocksOf>[0]['messages'][number]

test('[UI-265] [UI-273] a run is read as what was said, done and summed up, in order', () => {
  const said = createId()
  const call = (toolCallId: string) => ({
    type: 'tool-call',
    toolCallId,
    toolName: 'readFile',
    input: { path: 'a.ts' },
  })
  const messages = [
    at(1, { role: 'user', content: 'begin' }),
    at(2, {
      role: 'assistant',
      content: [{ type: 'reasoning', text: 'hm' }, { type: 'text', text: 'look' }, call('c1')],
    }),
    at(3, {
      role: 'tool',
      content: [
        { type: 'tool-result', toolCallId: 'c1', toolName: 'readFile', output: { type: 'error-text', value: 'no' } },
      ],
    }),
    { ...at(4, { role: 'user', content: 'and b' }), of: said },
    at(5, { role: 'assistant', content: [call('c2'), { type: 'file', data: 'x' }] }),
  ]
  const journal = new Map([
    ['c1', { state: 'ended', at: 1_502, attempt: 1 } as const],
    ['c2', { state: 'begun', at: 6, attempt: 1 } as const],
  ])
  const progress = { summary: { upTo: 5, text: 'so far' } }
  const blocks = blocksOf({ messages, journal, progress, earlier: 2 })
  expect(blocks.map((b) => [b.kind, 'text' in b ? b.text : ''])).toEqual([
    ['reasoning', 'hm'],
    ['text', 'look'],
    ['call', 'no'],
    ['summary', 'so far'],
    ['said', 'and b'],
    ['call', undefined],
  ])
  expect(blocks[2]).toMatchObject({ state: 'ended', isError: true, tookMs: 1_500 })
  expect(blocks[4]).toMatchObject({ of: said })
  expect(blocks[5]).toMatchObject({ state: 'begun', isError: false, tookMs: undefined })
})

const task = (part: Partial<Task> = {}): Task =>
  Task.parse({
    id: createId(),
    workspaceId: createId(),
    title: 't',
    payload: { kind: 'agent', prompt: 'x' },
    state: 'running',
    attempt: 1,
    attempts: [],
    createdBy: createId(),
    createdByName: 'Mira',
    createdAt: 0,
    ...part,
  })
const status = { state: 'running', activity: 'thinking', attempt: 1, startedAt: 0 } as const

test('[UI-267] [S265] how a run stands is a word, a reason and at most one thing to do', () => {
  expect(lookOf(undefined, undefined, false).word).toBe('sent when the connection is back')
  expect(lookOf(task({ state: 'queued' }), undefined, true).word).toBe('waits for a daemon')
  expect(lookOf(task(), status, true)).toMatchObject({ word: 'thinking', tone: 'running' })
  expect(lookOf(task(), { ...status, activity: 'executing' }, true).word).toBe('working')
  const retry = { ...status, code: 'retry', until: 9_000, reason: 'busy (try 2)' }
  expect(lookOf(task(), retry, true)).toMatchObject({ word: 'tries again', until: 9_000, reason: 'busy (try 2)' })
  const key = { ...status, state: 'waiting', code: 'needs-key', reason: 'openai has no key' } as const
  expect(lookOf(task(), key, true)).toMatchObject({ word: 'waits for you', action: 'key' })
  expect(lookOf(task({ state: 'failed' }), { ...status, code: 'model-overflow' }, true)).toMatchObject({
    word: 'failed',
    action: 'again',
    isOver: true,
  })
  // The server's word on a task that has ended stands above what its daemon said last.
  expect(lookOf(task({ state: 'cancelled' }), status, true)).toMatchObject({ word: 'stopped', isOver: true })
})

test('[UI-273] what a run took is said, and what it cost only where that is known', () => {
  const usage = { rounds: 1, inputTokens: 12_400, outputTokens: 800 }
  expect(usageWords(usage)).toBe('12,400 tokens in, 800 out, 1 round')
  expect(usageWords({ ...usage, costUsd: 0.043 })).toMatch(/\$0\.04$/)
  expect(usageWords({ ...usage, costUsd: 0.001 })).toMatch(/less than \$0\.01$/)
})

test('[UI-269] a file is named by @, by letters of its name or path, and lines of it', () => {
  expect(mentionAt('look at @src/a', 14)).toEqual({ from: 8, query: 'src/a' })
  expect(mentionAt('mail me@home', 12)).toBeUndefined()
  expect(offered(['src/base/ids.ts', 'ids/readme.md', 'a.ts'], 'ids')).toEqual(['src/base/ids.ts', 'ids/readme.md'])
  expect(offered(['src/base/ids.ts', 'x.md'], 'sbi')).toEqual(['src/base/ids.ts'])
  const paths = new Set(['a.ts', 'b.ts'])
  expect(mentionsIn('see @a.ts:3-12, @b.ts. and @c.ts', (path) => paths.has(path))).toEqual([
    { path: 'a.ts', fromLine: 3, toLine: 12 },
    { path: 'b.ts' },
  ])
})

test('[UI-264] a link leads to the web or to a file that there is, and nowhere else', () => {
  const isPath = (path: string) => path === 'src/a.ts'
  expect(targetOfLink('https://example.org/a', isPath)).toEqual({ is: 'web', href: 'https://example.org/a' })
  expect(targetOfLink('./src/a.ts#L3', isPath)).toEqual({ is: 'file', path: 'src/a.ts' })
  const hostile = [
    'javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    '//evil.example',
    'https://user:pw@evil.example',
    'src/b.ts',
    '/api/v1/session',
    'https://',
  ]
  for (const href of hostile) expect([href, targetOfLink(href, isPath).is]).toEqual([href, 'nowhere'])
})

test('[UI-266] the lines of a change stand once where they are the same on both sides', () => {
  const hunk = { oldText: 'a\nb\nc\n', newText: 'a\nB\nnew\nc\n' }
  expect(linesOf(hunk).map(({ sign, text }) => sign + text)).toEqual([' a', '-b', '+B', '+new', ' c'])
  expect(countsOf([hunk])).toEqual({ added: 2, removed: 1 })
  expect(linesOf({ oldText: '', newText: 'x' })).toEqual([{ sign: '+', text: 'x' }])
})
