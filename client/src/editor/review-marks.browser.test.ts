import { createId, diffText, silentLog, systemClock, type Id } from '@tandem/shared'
import { openFiles, openReview, openRun, openTasks, traceEdits } from '@tandem/shared/docs'
import { afterEach, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { openReviews } from '../session/open-reviews.ts'
import type { Session } from '../session/session.ts'
import { createState } from '../session/state.ts'
import { bindText } from './binding.ts'
import { monaco } from './monaco.ts'
import './review.css'
import { showReview } from './review-marks.ts'

let end = () => {}
afterEach(() => end())

/** An editor on a text of a workspace in which a run changes it, as its daemon would. */
function setUp(start: string) {
  const docs = new Map<string, Y.Doc>()
  const docOf = (ref: object) => {
    const key = Object.values(ref).join('/')
    const doc = docs.get(key) ?? new Y.Doc()
    docs.set(key, doc)
    return doc
  }
  const files = openFiles(docOf({ kind: 'files' }))
  const fileId = files.create('a.ts', 'text')
  const doc = docOf({ kind: 'file', fileId })
  const text = doc.getText('content')
  text.insert(0, start)
  const tasks = openTasks(docOf({ kind: 'tasks' }))
  const runId = createId()
  tasks.set(runId, {
    v: 1,
    id: runId,
    workspaceId: createId(),
    title: 'x',
    executor: 'daemon',
    payload: { kind: 'agent', prompt: 'x' },
    priority: 0,
    requires: [],
    onLost: 'keep',
    state: 'running',
    attempt: 1,
    attempts: [],
    createdBy: createId(),
    createdByName: 'Mira',
    createdAt: 1,
  })
  const run = openRun(docOf({ kind: 'run', runId }))
  const review = openReview(docOf({ kind: 'review', runId }))
  const session = {
    clock: systemClock,
    log: silentLog,
    files,
    tasks,
    link: createState({ phase: 'connected' }),
    identity: createState({ claims: { principal: createId() } }),
    serverNow: () => 5,
    open: (ref: object) => ({
      ref,
      doc: docOf(ref),
      state: createState({ ready: true, synced: true }),
      release: () => {},
    }),
  } as unknown as Session
  const host = document.body.appendChild(document.createElement('div'))
  host.style.height = '300px'
  const model = monaco.editor.createModel('', 'plaintext')
  const editor = monaco.editor.create(host, { model })
  const binding = bindText({ monaco, text, model, editors: () => [editor], maxBytes: 1 << 23, onRefused: () => {} })
  const reviews = openReviews(session)
  const onCount = vi.fn<(count: number) => void>()
  const opened = { fileId, model, binding, view: null }
  const marks = showReview({ monaco, editor, opened, session, reviews, onCount })
  end = () => {
    marks.close()
    reviews.close()
    editor.dispose()
    model.dispose()
    host.remove()
  }
  const agent = (to: string): Id[] => {
    const draft = new Y.Doc()
    Y.applyUpdate(draft, Y.encodeStateAsUpdate(doc))
    const before = Y.encodeStateVector(draft)
    const pieces = traceEdits(draft.getText('content'), diffText(text.toString(), to), 'run')
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(draft, before))
    return run.setHunks(
      'c1',
      pieces.map((piece) => ({ kind: 'edit', file: fileId, path: 'a.ts', call: 'c1', at: 1, ...piece })),
    )
  }
  const lines = () =>
    model
      .getAllDecorations()
      .filter(({ options }) => options.linesDecorationsClassName === 'review-bar')
      .map(({ range }) => range.startLineNumber)
      .toSorted((a, b) => a - b)
  return { agent, text, editor, marks, review, onCount, lines }
}

test('[UI-276] what a run changed is marked where it stands by now, until somebody decided about it', async () => {
  const { agent, text, editor, marks, review, onCount, lines } = setUp('top\none\n\n\n\nfive\n')
  const [first = '', second = ''] = agent('top\nONE\n\n\n\nFIVE\n')
  await expect.poll(lines).toEqual([2, 6])
  expect(onCount).toHaveBeenLastCalledWith(2)
  text.insert(0, 'typed\n')
  await expect.poll(lines).toEqual([3, 7])
  editor.setPosition({ lineNumber: 1, column: 1 })
  marks.next()
  expect(editor.getPosition()?.lineNumber).toBe(3)
  expect(await marks.decide('accept')).toBe(true)
  expect(review.snapshot().get(first)?.state).toBe('accepted')
  await expect.poll(lines).toEqual([7])
  editor.setPosition({ lineNumber: 5, column: 1 })
  expect(await marks.decide('reject')).toBe(false)
  marks.next()
  expect(await marks.decide('reject')).toBe(true)
  expect([text.toString(), review.snapshot().get(second)?.state]).toEqual(['typed\ntop\nONE\n\n\n\nfive\n', 'rejected'])
  await expect.poll(lines).toEqual([])
  expect(onCount).toHaveBeenLastCalledWith(0)
})

test('[UI-276] what was there before is shown where one points, as text and nothing else', async () => {
  const { agent, editor } = setUp('a ``` b [x](command:y)\n')
  agent('other\n')
  const hover = () =>
    editor
      .getModel()
      ?.getAllDecorations()
      .flatMap(({ options }) => options.hoverMessage ?? [])
      .map(({ value }) => value)
      .join('')
  await expect.poll(hover).toContain('Alt+Y keeps it')
  expect(hover()).toContain('````\na ``` b [x](command:y)\n')
})
