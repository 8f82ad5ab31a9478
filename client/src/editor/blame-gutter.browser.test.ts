import { createId, silentLog, systemClock, type AuthorsAnswer, type Blame } from '@tandem/shared'
import { afterEach, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { createAuthors } from '../session/authors.ts'
import type { Session } from '../session/session.ts'
import { createState } from '../session/state.ts'
import { showBlame } from './blame-gutter.ts'
import './blame.css'
import { bindText } from './binding.ts'
import { monaco } from './monaco.ts'

const me = createId()
const mira = { id: createId(), name: 'Mira', kind: 'person' } as const
const laptop = { id: createId(), name: 'laptop', kind: 'disk' } as const
const writtenAt = new Date().setHours(9, 30)

/** An editor on a text that Mira (client 5) and a disk (client 6) wrote, over a server that knows both. */
function setUp(written: readonly [client: number, text: string][]) {
  const doc = new Y.Doc()
  const text = doc.getText('content')
  for (const [client, piece] of written) {
    const other = new Y.Doc()
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
    other.clientID = client
    const theirs = other.getText('content')
    theirs.insert(theirs.length, piece)
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(other))
  }
  const whole = text.length
  const host = document.body.appendChild(Object.assign(document.createElement('div'), { style: 'height: 300px' }))
  const model = monaco.editor.createModel('', 'plaintext')
  const editor = monaco.editor.create(host, { model })
  const binding = bindText({ monaco, text, model, editors: () => [editor], maxBytes: 1 << 23, onRefused: () => {} })
  const ask = vi.fn((clients: number[]) => {
    const known: AuthorsAnswer['authors'] = [
      { client: 5, author: mira },
      { client: 6, author: laptop },
    ]
    return Promise.resolve({ authors: known.filter(({ client }) => clients.includes(client)) })
  })
  const blame = vi.fn(() =>
    Promise.resolve<Blame>({
      version: 1,
      path: 'a.txt',
      authors: [mira],
      runs: [{ length: whole, author: 0, at: writtenAt }],
    }),
  )
  const release = vi.fn()
  const session = {
    open: () => ({ doc, provider: {}, state: createState({ synced: true, pending: 0 }), release }),
    files: { get: () => ({ path: 'a.txt' }) },
    authors: createAuthors({ ask, clock: systemClock, log: silentLog }),
    history: { blame },
    identity: createState({ claims: { principal: me, name: 'Me' } }),
    tasks: createState(new Map()),
    peers: createState({ peers: [], own: 0 }),
    hueOf: ({ id }: { id: string }) => (id === me ? 0 : 2),
    clock: systemClock,
    log: silentLog,
    serverNow: () => Date.now(),
  } as unknown as Session
  const onLine = vi.fn<(words: string | undefined) => void>()
  const stop = showBlame({
    monaco,
    editor,
    opened: { fileId: createId(), model, binding, view: null },
    session,
    onLine,
  })
  let isOn = true
  const turnOff = () => {
    if (isOn) stop()
    isOn = false
  }
  end = () => {
    turnOff()
    editor.dispose()
    model.dispose()
    host.remove()
  }
  /** What the bars say, from above. */
  const bars = () =>
    [...host.querySelectorAll('.blame-bar')]
      .toSorted((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
      .map((bar) => bar.className.replace('cmdr blame-bar ', ''))
  return { text, editor, ask, blame, release, onLine, turnOff, bars }
}
let end = () => {}
afterEach(() => end())

test('[UI-72] [UI-74] each line shows whose it is, and the cursor’s line is said in words', async () => {
  const { bars, onLine, editor } = setUp([
    [5, 'from Mira\n'],
    [6, 'from a disk, '],
    [5, 'and Mira\n'],
  ])
  await expect.poll(bars).toEqual(['blame-person blame-person-3', 'blame-disk'])
  await expect.poll(() => onLine.mock.lastCall).toEqual(['Line 1: Mira, today at 09:30'])
  editor.setPosition({ lineNumber: 2, column: 1 })
  await expect.poll(() => onLine.mock.lastCall).toEqual(['Line 2: laptop (folder), today at 09:30; also Mira'])
  editor.setPosition({ lineNumber: 3, column: 1 })
  await expect.poll(() => onLine.mock.lastCall).toEqual(['Line 3: nothing yet'])
})

test('[UI-71] [UI-73] it follows what is typed, and asks the server once for all of it', async () => {
  const { bars, text, editor, ask, blame } = setUp([[5, 'one\ntwo\n']])
  await expect.poll(bars).toEqual(['blame-person blame-person-3', 'blame-person blame-person-3'])
  editor.setPosition({ lineNumber: 1, column: 1 })
  for (const key of 'mine\n') editor.trigger('keyboard', 'type', { text: key })
  await expect.poll(() => bars()[0]).toBe('blame-person blame-person-1')
  text.delete(5, 4)
  await expect.poll(bars).toEqual(['blame-person blame-person-1', 'blame-person blame-person-3'])
  expect(ask.mock.calls).toEqual([[[5]]])
  expect(blame).toHaveBeenCalledTimes(1)
})

test('[UI-73] of a long text only the lines on the screen are looked at', async () => {
  const { bars, editor } = setUp([
    [5, 'line\n'.repeat(20_000)],
    [6, 'the end\n'],
  ])
  await expect.poll(() => bars().length).toBeGreaterThan(5)
  expect(editor.getModel()?.getAllMarginDecorations().length).toBeLessThan(60)
  editor.revealLine(20_001)
  await expect.poll(() => bars().at(-1)).toBe('blame-disk')
  expect(editor.getModel()?.getAllMarginDecorations().length).toBeLessThan(60)
})

test('[UI-73] while it is off nothing is left and nothing is done', async () => {
  const { bars, text, ask, release, onLine, turnOff } = setUp([[5, 'one\n']])
  await expect.poll(bars).toEqual(['blame-person blame-person-3'])
  turnOff()
  expect(release).toHaveBeenCalledTimes(1)
  expect(onLine.mock.lastCall).toEqual([undefined])
  await expect.poll(bars).toEqual([])
  const { length } = ask.mock.calls
  text.insert(0, 'two\n')
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  expect([bars(), ask.mock.calls.length, onLine.mock.lastCall]).toEqual([[], length, [undefined]])
})
