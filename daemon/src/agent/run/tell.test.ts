import { openRun } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createTelling } from './tell.ts'

function bed() {
  const doc = new Y.Doc()
  const run = openRun(doc)
  const clock = fakeClock(1_000)
  const held = { is: true }
  let updates = 0
  doc.on('update', () => updates++)
  const telling = createTelling({ run, attempt: 2, mayWrite: () => held.is, clock })
  return { run, clock, held, updates: () => updates, ...telling }
}

test('[AGT-133] [S234] [S259] what is said is shown twenty times a second, however small the pieces', () => {
  const { run, clock, told, updates } = bed()
  told.begin()
  for (let i = 0; i < 1_000; i++) {
    told.text(`${i} `)
    clock.advance(1)
  }
  clock.advance(50)
  expect(updates()).toBeLessThanOrEqual(21)
  expect(run.draft.snapshot()).toEqual({
    part: { kind: 'text' },
    text: Array.from({ length: 1_000 }, (_, i) => `${i} `).join(''),
  })
})

test('[AGT-133] of a call its file is told, and what it writes as it grows; not what it takes away', () => {
  const { run, clock, told } = bed()
  told.text('I change it.')
  clock.advance(50)
  told.call({ id: 'c1', tool: 'editFile' })
  told.field('c1', ['path'], 'src/')
  told.field('c1', ['path'], 'a.ts')
  told.field('c1', ['edits', 0, 'oldText'], 'gone')
  told.field('c1', ['edits', 0, 'newText'], 'one')
  clock.advance(50)
  const part = { kind: 'input', call: 'c1', tool: 'editFile', path: 'src/a.ts' }
  expect(run.draft.snapshot()).toEqual({ part, text: 'one' })
  told.field('c1', ['edits', 0, 'newText'], ' more')
  told.field('c1', ['edits', 1, 'newText'], 'two')
  told.field('c9', ['edits', 1, 'newText'], 'of no call')
  clock.advance(50)
  expect(run.draft.snapshot()).toEqual({ part, text: 'one more\ntwo' })
})

test('[AGT-133] what broke off is void, what ended leaves nothing, and nothing comes behind it', () => {
  const { run, clock, told, endDraft } = bed()
  told.text('half an ans')
  clock.advance(50)
  told.begin()
  expect(run.draft.snapshot()).toEqual({ part: undefined, text: '' })
  told.text('whole')
  clock.advance(50)
  told.text(' and late')
  endDraft()
  clock.advance(1_000)
  expect(run.draft.snapshot()).toEqual({ part: undefined, text: '' })
})

test('[AGT-134] [S244] [S265] how it stands is told: thinking, executing, and until when it waits to try again', () => {
  const { run, told, stand } = bed()
  const status = () => run.snapshot().status
  told.activity('thinking')
  expect(status()).toEqual({ state: 'running', activity: 'thinking', attempt: 2, startedAt: 1_000 })
  told.activity('executing')
  expect(status()?.activity).toBe('executing')
  told.activity('waiting')
  told.retryAt({ until: 9_000, attempt: 3, reason: 'too many requests' })
  expect(status()).toMatchObject({ activity: 'idle', until: 9_000, code: 'retry', reason: 'too many requests (try 3)' })
  told.retryAt(undefined)
  expect(status()).toEqual({ state: 'running', activity: 'thinking', attempt: 2, startedAt: 1_000 })
  stand({ state: 'waiting', reason: 'for a yes' })
  expect(status()).toMatchObject({ state: 'waiting', activity: 'idle', reason: 'for a yes' })
})

test('[AGT-121] once the run is another’s, nothing more is told', () => {
  const { clock, told, held, stand, updates } = bed()
  told.text('x')
  held.is = false
  clock.advance(100)
  told.activity('thinking')
  stand({ state: 'done' })
  expect(updates()).toBe(0)
})
