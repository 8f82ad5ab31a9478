import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createId } from '../base/ids.ts'
import { diffText } from '../merge/diff.ts'
import type { EditHunk, HunkText } from '../protocol/review.ts'
import { applyEdits } from './text.ts'
import { acceptHunks, bringBack, rejectHunks } from './decide.ts'
import { openFiles } from './files.ts'
import { traceEdits } from './hunks.ts'
import { openReview } from './review.ts'
import { openRun } from './run.ts'
import { standingOf } from './standing.ts'

const by = createId()
const keep = { others: 'kept', spare: false } as const
const all = { others: 'kept', spare: true } as const

/** One text, an index, a run that changes it and its review, as one person's browser has them. */
function bed(start: string, path = 'a.ts') {
  const [doc, index, self, decisions] = [new Y.Doc(), new Y.Doc(), new Y.Doc(), new Y.Doc()]
  const text = doc.getText('content')
  const files = openFiles(index)
  const file = files.create(path, 'text')
  text.insert(0, start)
  const run = openRun(self)
  const review = openReview(decisions)
  let calls = 0
  /** What the agent makes of the text, from where it stands, under an id of its own. */
  const agent = (to: string, from = text.toString(), on = doc): string[] => {
    const draft = new Y.Doc()
    Y.applyUpdate(draft, Y.encodeStateAsUpdate(on))
    const before = Y.encodeStateVector(draft)
    const pieces = traceEdits(draft.getText('content'), diffText(from, to), 'run')
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(draft, before))
    const call = `call ${++calls}`
    return run.setHunks(
      call,
      pieces.map((piece) => ({ kind: 'edit', file, path, call, at: 1, ...piece })),
    )
  }
  const person = (from: string, to: string) => {
    const head = to.startsWith(from) ? from.length : 0
    applyEdits(
      text,
      [{ at: text.toString().indexOf(from) + head, del: from.length - head, ins: to.slice(head) }],
      'person',
    )
  }
  const deciding = () => ({
    hunks: run.hunks.snapshot(),
    review,
    files,
    open: async () => ({ doc, release: () => {} }),
    by,
    now: 5,
  })
  const standing = () => standingOf(text, run.hunks.snapshot() as ReadonlyMap<string, EditHunk>)
  return { doc, text, files, file, run, review, agent, person, deciding, standing, self, decisions }
}

const source = 'function sum(a, b) {\n  return a + b\n}\n\nsum(1, 2)\n'

test('[AGT-75] [AGT-6] a change is kept as whole lines before and after, in another process too', () => {
  const { agent, self } = bed(source)
  agent('function sum(a, b, c) {\n  return a + b + c\n}\n\n// three\nsum(1, 2, 3)\n')
  const replica = new Y.Doc()
  Y.applyUpdate(replica, Y.encodeStateAsUpdate(self))
  const kept = [...openRun(replica).hunks.snapshot().values()] as EditHunk[]
  expect(kept.map(({ line, oldText, newText }) => [line, oldText, newText])).toEqual([
    [1, 'function sum(a, b) {\n  return a + b\n', 'function sum(a, b, c) {\n  return a + b + c\n'],
    [5, 'sum(1, 2)\n', '// three\nsum(1, 2, 3)\n'],
  ])
})

test('[AGT-76] a hunk is found by its characters wherever they are, and is told from what was made of it', () => {
  const { agent, person, standing, text } = bed(source)
  const [first = '', second = ''] = agent(source.replace('a + b', 'a - b').replace('sum(1', 'difference(1'))
  person('function', '// by hand\nexport function')
  expect(standing().get(first)?.state).toBe('whole')
  const place = standing().get(second)
  expect(text.toString().slice(place?.from, place?.to)).toBe('difference')
  person('diff', 'DIFF')
  expect(standing().get(second)?.state).toBe('changed')
  person('DIFFerence', '')
  expect(standing().get(second)?.state).toBe('gone')
})

test('[AGT-77] [AGT-79] [AGT-5] rejecting keeps what was typed inside; it comes back, and is rejected again', async () => {
  const { agent, person, text, deciding, review, standing } = bed('let a = 1\nlet b = 2\n')
  const [id = ''] = agent('let a = 1\nlet beta = 20 + 30\n')
  person('20', '20 /* typed */')
  const changed = text.toString()
  expect(standing().get(id)?.state).toBe('changed')
  expect(await rejectHunks(deciding(), [id], keep)).toEqual([])
  expect(text.toString()).toBe('let a = 1\nlet b = 2 /* typed */\n')
  expect(review.snapshot().get(id)?.state).toBe('rejected')
  expect(await rejectHunks(deciding(), [id], all)).toEqual([])
  await bringBack(deciding(), [id])
  expect([text.toString(), review.snapshot().get(id)?.state]).toEqual([changed, 'back'])
  expect(standing().get(id)?.state).toBe('changed')
  await rejectHunks(deciding(), [id], keep)
  expect(text.toString()).toBe('let a = 1\nlet b = 2 /* typed */\n')
  await bringBack(deciding(), [id])
  expect(text.toString()).toBe(changed)
})

test('[AGT-79] what was rejected twice comes back whole, also where another change lies in it', async () => {
  const { agent, text, deciding } = bed('one\n')
  const [first = ''] = agent('one, and much more of it\n')
  agent('one, and much less of it\n')
  await rejectHunks(deciding(), [first], keep)
  await rejectHunks(deciding(), [first], keep)
  await bringBack(deciding(), [first])
  expect(text.toString()).toBe('one, and much less of it\n')
})

test('[AGT-77] of three choices one is exactly what was there; that too is taken back, and accepting changes nothing', async () => {
  const { agent, person, text, deciding, review } = bed('one\ntwo\nthree\n')
  const [id = ''] = agent('one\nTWO, and more\nthree\n')
  person('TWO', 'TWO, typed')
  const changed = text.toString()
  await rejectHunks(deciding(), [id], { others: 'gone', spare: false })
  expect(text.toString()).toBe('one\ntwo\nthree\n')
  await bringBack(deciding(), [id])
  expect(text.toString()).toBe(changed)
  acceptHunks(deciding(), [id])
  expect([text.toString(), review.snapshot().get(id)?.state]).toEqual([changed, 'accepted'])
})

test('[AGT-78] two people who reject the same while apart put it back once', async () => {
  const { agent, doc, deciding, run, files } = bed('keep\nold line\nkeep\n')
  const [id = ''] = agent('keep\nnew words\nkeep\n')
  const other = new Y.Doc()
  Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
  const theirs = openReview(new Y.Doc())
  applyEdits(other.getText('content'), [{ at: 0, del: 0, ins: 'apart\n' }], 'person')
  await rejectHunks(deciding(), [id], keep)
  const open = async () => ({ doc: other, release: () => {} })
  await rejectHunks({ hunks: run.hunks.snapshot(), review: theirs, files, open, by, now: 6 }, [id], keep)
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(other))
  Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
  expect(doc.getText('content').toString()).toBe('apart\nkeep\nold line\nkeep\n')
  expect(other.getText('content').toString()).toBe('apart\nkeep\nold line\nkeep\n')
})

test('[AGT-81] hunks that lie in each other are undone together as if none had been, and one by one in any order', async () => {
  for (const order of [undefined, [0, 1, 2], [2, 1, 0], [1, 0, 2]]) {
    const { agent, text, deciding, run } = bed('alpha\nbeta\ngamma\n')
    const ids = [
      ...agent('alpha\nbeta and delta\ngamma\n'),
      ...agent('alpha\nbeta or delta or epsilon\ngamma\n'),
      ...agent('alpha, delta\ngamma\n'),
    ]
    expect(ids).toHaveLength(3)
    if (!order) await rejectHunks(deciding(), run.hunks.snapshot().keys(), all)
    else for (const n of order) await rejectHunks(deciding(), [ids[n] ?? ''], keep)
    expect([order, text.toString()]).toEqual([order, 'alpha\nbeta\ngamma\n'])
  }
})

test('[AGT-80] a run is undone across files: what it made goes, what it removed or moved is back, what people took over stays', async () => {
  const { agent, person, text, files, file, run, deciding, review } = bed('one\ntwo\n')
  const [over = ''] = agent('ONE\ntwo\n\nthree\n')
  person('ONE', 'mine')
  const [made, taken, removed, moved] = ['new.ts', 'taken.ts', 'old.ts', 'to.ts'].map((path) =>
    files.create(path, 'text'),
  ) as [string, string, string, string]
  const docs = new Map([made, taken].map((id) => [id, new Y.Doc()]))
  const chars = [...docs.values()].map((doc) => {
    doc.getText('content').insert(0, 'all of it')
    return [[doc.clientID, 0, 9]] as [number, number, number][]
  })
  const theirs = new Y.Doc()
  Y.applyUpdate(theirs, Y.encodeStateAsUpdate(docs.get(taken) ?? theirs))
  theirs.getText('content').insert(3, ' typed')
  Y.applyUpdate(docs.get(taken) ?? theirs, Y.encodeStateAsUpdate(theirs))
  files.remove(removed, { by, at: 1 })
  const common = { call: 'call', at: 2 }
  const [, left = ''] = run.setHunks('call', [
    { kind: 'create', file: made, path: 'new.ts', new: chars[0] ?? [], ...common },
    { kind: 'create', file: taken, path: 'taken.ts', new: chars[1] ?? [], ...common },
    { kind: 'remove', file: removed, path: 'old.ts', ...common },
    { kind: 'move', file: moved, path: 'to.ts', from: 'from.ts', ...common },
  ])
  const open = async (id: string) => {
    const doc = id === file ? text.doc : (docs.get(id) ?? new Y.Doc())
    return { doc: doc ?? new Y.Doc(), release: () => {} }
  }
  const told = await rejectHunks({ ...deciding(), open }, run.hunks.snapshot().keys(), all)
  expect(text.toString()).toBe('mine\ntwo\n')
  expect([...files.snapshot().byPath.keys()].toSorted()).toEqual(['a.ts', 'from.ts', 'old.ts', 'taken.ts'])
  expect(told.map(({ hunk }) => hunk)).toEqual([over, left])
  await bringBack({ ...deciding(), open }, review.snapshot().keys())
  expect([...files.snapshot().byPath.keys()].toSorted()).toEqual(['a.ts', 'new.ts', 'taken.ts', 'to.ts'])
  expect(text.toString()).toBe('mine\ntwo\n\nthree\n')
})

test('[AGT-78] [AGT-81] two runs that changed the same line while apart, or one what the other had made, leave no trace', async () => {
  for (const isApart of [true, false])
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const one = bed('keep\nthe old line\nkeep\n')
      const before = new Y.Doc()
      Y.applyUpdate(before, Y.encodeStateAsUpdate(one.doc))
      one.agent('keep\nthe new line\nkeep\n')
      const two = { hunks: openRun(new Y.Doc()), review: openReview(new Y.Doc()) }
      const draft = new Y.Doc()
      Y.applyUpdate(draft, Y.encodeStateAsUpdate(isApart ? before : one.doc))
      const text = draft.getText('content')
      const pieces = traceEdits(text, diffText(text.toString(), 'keep\nanother newer line\nkeep\n'), 'run')
      Y.applyUpdate(one.doc, Y.encodeStateAsUpdate(draft))
      two.hunks.setHunks(
        'other',
        pieces.map((piece) => ({ kind: 'edit', file: one.file, path: 'a.ts', call: 'other', at: 2, ...piece })),
      )
      const first = one.deciding()
      const second = { ...first, hunks: two.hunks.hunks.snapshot(), review: two.review }
      const both = [
        { ...first, elsewhere: [second] },
        { ...second, elsewhere: [first] },
      ]
      for (const n of order) {
        const deciding = both[n] ?? first
        await rejectHunks(deciding, deciding.hunks.keys(), all)
      }
      expect([isApart, order, one.text.toString()]).toEqual([isApart, order, 'keep\nthe old line\nkeep\n'])
    }
})

const Word = fc.constantFrom('alpha', 'beta', 'gamma', 'delta', '😀', '{', '}', 'x = 1', '\n', '\n')
const Words = fc.array(Word, { maxLength: 10 }).map((words) => words.join(' '))

test('[AGT-75] every hunk says what was before and after, whatever the edits, and undoing all is the text as it was', async () => {
  await fc.assert(
    fc.asyncProperty(Words, Words, Words, fc.boolean(), async (start, second, third, isOneByOne) => {
      const { agent, text, deciding, run } = bed(start)
      const apply = (from: string, pieces: readonly HunkText[]) =>
        pieces.reduce((now, { line, oldText, newText }) => {
          const at =
            now
              .split('\n')
              .slice(0, line - 1)
              .join('\n').length + (line > 1 ? 1 : 0)
          expect(now.slice(at).startsWith(oldText)).toBe(true)
          return now.slice(0, at) + newText + now.slice(at + oldText.length)
        }, from)
      const ids = agent(second)
      const pieces = ids.map((id) => run.hunks.snapshot().get(id) as EditHunk)
      expect(apply(start, pieces)).toBe(second)
      agent(third)
      const every = [...run.hunks.snapshot().keys()]
      if (isOneByOne) for (const id of every) await rejectHunks(deciding(), [id], keep)
      else await rejectHunks(deciding(), every, all)
      expect(text.toString()).toBe(start)
      if (isOneByOne) return
      for (const id of every) await bringBack(deciding(), [id])
      expect(text.toString()).toBe(third)
    }),
    { numRuns: 60 },
  )
})
