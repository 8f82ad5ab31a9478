import { createId, systemClock, type EditHunk, type ReviewHunk } from '@tandem/shared'
import { openReview, openRun, rejectHunks } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { memoryServer } from '../../mirror/testing/memory-workspace.ts'
import { createTree } from '../../tree/tree.ts'
import type { CallContext, Json, ToolResult } from '../loop/tool.ts'
import { projectTools } from './project-tools.ts'

const signal = new AbortController().signal

/** A workspace in memory, the run's document and its tools. `before` is called when a change is about to go out. */
function bed({ before = () => {}, clock = systemClock }: { before?: () => void; clock?: { now(): number } } = {}) {
  const server = memoryServer()
  const documents = server.join()
  const tree = createTree({
    documents: { ...documents, begin: () => () => {} },
    hides: (name) => name === '.env',
    mayNotWrite: (path) => (path.startsWith('locked/') ? 'it is locked' : undefined),
    maxTextBytes: 1_000_000,
    maxBlobBytes: 2_000_000,
    clock: systemClock,
  })
  const run = openRun(new Y.Doc())
  const notes: Json[] = []
  const ports = {
    tree,
    task: createId(),
    setHunks: async (call: string, hunks: Parameters<typeof run.setHunks>[1]) => void run.setHunks(call, [...hunks]),
    clock,
  }
  let calls = 0
  const context = (callId = `call-${++calls}`): CallContext => ({
    callId,
    signal,
    note: async (note) => {
      notes.push(note)
      before()
    },
  })
  const tools = projectTools(ports)
  const use = async (name: string, input: unknown, callId?: string): Promise<ToolResult> => {
    const tool = tools.find((each) => each.name === name)
    if (!tool) throw new Error(`no ${name}`)
    return tool.run(input, context(callId))
  }
  const recall = (name: string, input: unknown, note: Json | undefined) =>
    // As another process would ask.
    projectTools(ports)
      .find((each) => each.name === name)
      ?.recall?.(input, note, context('call-1'))
  const hunks = () => [...run.hunks.snapshot().values()]
  return { server, use, recall, run, notes, hunks }
}

const source = 'function sum(a, b) {\n  return a + b\n}\n\nsum(1, 2)\n'

test('[S238] [AGT-82] [AGT-75] text is replaced where it is once, all edits or none, and each change is a hunk', async () => {
  const { server, use, hunks } = bed()
  server.create('a.ts', source)
  const edits = [
    { oldText: 'a + b', newText: 'a - b' },
    { oldText: 'a - b', newText: 'b - a' },
    { oldText: 'sum', newText: 'sub', replaceAll: true },
  ]
  const done = await use('editFile', { path: './a.ts', edits })
  expect(server.at('a.ts')).toBe('function sub(a, b) {\n  return b - a\n}\n\nsub(1, 2)\n')
  expect(done.text).toContain('a.ts was changed. It is now:\n1\tfunction sub(a, b) {')
  expect(hunks().map((hunk) => (hunk as EditHunk).line)).toEqual([1, 5])
  const refused = await use('editFile', {
    path: 'a.ts',
    edits: [
      { oldText: 'b - a', newText: 'c' },
      { oldText: 'none', newText: '' },
    ],
  })
  expect(refused.isError).toBe(true)
  expect(server.at('a.ts')).toContain('return b - a')
})

test('[AGT-82] line ends, trailing blanks and indentation need not be the same, and the new text is indented as the place is', async () => {
  const { server, use } = bed()
  server.create('a.ts', 'class A {\n    run() {  \n        go()\n    }\n}\n')
  const oldText = 'run() {\r\n    go()\r\n}'
  await use('editFile', { path: 'a.ts', edits: [{ oldText, newText: 'run() {\n    stop()\n    go()\n}' }] })
  expect(server.at('a.ts')).toBe('class A {\n    run() {\n        stop()\n        go()\n    }\n}\n')
})

test('[AGT-3] [AGT-83] a failed edit changes nothing, names the lines and shows them as they are now', async () => {
  const { server, use, hunks } = bed()
  const id = server.create('a.ts', 'let a = 1\nlet b = 2\nlet b = 2\nlet total = compute(a, b)\n')
  await use('readFile', { path: 'a.ts' })
  server.edit(id, 'compute(a, b)', 'compute(a, b, typed)')
  const missing = await use('editFile', {
    path: 'a.ts',
    edits: [{ oldText: 'let total = compute(a, c)', newText: 'x' }],
  })
  expect(missing).toMatchObject({ isError: true })
  expect(missing.text).toContain('4\tlet total = compute(a, b, typed)')
  const twice = await use('editFile', { path: 'a.ts', edits: [{ oldText: 'let b = 2', newText: 'x' }] })
  expect(twice.text).toContain('oldText is there 2 times, at lines 2, 3')
  expect(await use('editFile', { path: 'a.ts', edits: [{ oldText: 'qqq', newText: 'x' }] })).toMatchObject({
    isError: true,
  })
  expect(hunks()).toEqual([])
  expect(server.at('a.ts')).toContain('let b = 2\nlet b = 2')
})

test('[AGT-2] what is typed in the very moment of an edit stays, inside it too', async () => {
  const { server, use } = bed({ before: () => server2.edit(file, 'b) {', 'b /* typed */) {') })
  const server2 = server
  const file = server.create('a.ts', source)
  await use('editFile', {
    path: 'a.ts',
    edits: [{ oldText: 'sum(a, b) {\n  return a + b', newText: 'minus(a, b) {\n  return a - b' }],
  })
  expect(server.at('a.ts')).toBe('function minus(a, b /* typed */) {\n  return a - b\n}\n\nsum(1, 2)\n')
})

test('[AGT-4] a stale file is written around what people changed; what clashes is left, and told', async () => {
  const { server, use, hunks } = bed()
  const id = server.create('a.txt', 'one\ntwo\nthree\nfour\nfive\nsix\n')
  await use('readFile', { path: 'a.txt' })
  server.edit(id, 'two', 'two, typed')
  server.edit(id, 'six\n', 'six\nseven, typed\n')
  const done = await use('writeFile', { path: 'a.txt', content: 'ONE\n2\nthree\nfour\nFIVE\nsix\n' })
  expect(server.at('a.txt')).toBe('one\ntwo, typed\nthree\nfour\nFIVE\nsix\nseven, typed\n')
  expect(done.text).toContain('but for 1 of your changes')
  expect(done.text).toContain('2\ttwo, typed')
  expect(hunks()).toHaveLength(1)
  await use('writeFile', { path: 'a.txt', content: 'ONE\n2\nthree\nFOUR\nFIVE\nsix\n' })
  expect(server.at('a.txt')).toBe('one\ntwo, typed\nthree\nFOUR\nFIVE\nsix\nseven, typed\n')
  const all = await use('writeFile', { path: 'a.txt', content: 'ONE\n2\nthree\nFOUR\nFIVE\nsix\n' })
  expect(all.text).toContain('says that already')
})

test('[AGT-4] a file that was never read is not overwritten, and is shown; a new one is made', async () => {
  const { server, use, hunks } = bed()
  server.create('a.txt', 'one\n')
  const refused = await use('writeFile', { path: 'a.txt', content: 'mine\n' })
  expect([refused.isError, refused.text.includes('1\tone'), server.at('a.txt')]).toEqual([true, true, 'one\n'])
  await use('writeFile', { path: 'a.txt', content: 'mine\n' })
  expect(server.at('a.txt')).toBe('mine\n')
  await use('writeFile', { path: '/workspace/src/new.ts', content: 'made\r\n' }, 'made')
  expect(server.at('src/new.ts')).toBe('made\n')
  expect(hunks().at(-1)).toMatchObject({
    kind: 'create',
    path: 'src/new.ts',
    call: 'made',
    new: [[expect.any(Number), 0, 5]],
  })
  expect((await use('writeFile', { path: 'src', content: '' })).text).toBe('src is a folder')
  await expect(use('writeFile', { path: '../x', content: '' })).rejects.toMatchObject({
    code: 'path-outside-workspace',
  })
  expect((await use('writeFile', { path: '.env', content: 'x' })).text).toContain('secret')
  expect((await use('writeFile', { path: 'locked/new', content: 'x' })).text).toContain('it is locked')
  server.create('locked/a', 'x\n')
  const edits = [{ oldText: 'x', newText: 'y' }]
  await expect(use('editFile', { path: 'locked/a', edits })).rejects.toThrow('it is locked')
  expect(server.at('locked/a')).toBe('x\n')
})

test('[AGT-86] [AGT-10] a change that was cut off is known to have arrived, or not', async () => {
  const cut = new Error('killed')
  let isCut = true
  const { server, use, recall, notes, hunks } = bed({
    before: () => {
      if (isCut) throw cut
    },
  })
  server.create('a.ts', source)
  const input = { path: 'a.ts', edits: [{ oldText: 'a + b', newText: 'a - b' }] }
  await expect(use('editFile', input, 'call-1')).rejects.toBe(cut)
  expect(await recall('editFile', input, undefined)).toBe('not-done')
  expect(await recall('editFile', input, notes[0])).toBe('not-done')
  isCut = false
  await use('editFile', input, 'call-1')
  expect(await recall('editFile', input, notes[1])).toEqual({ text: 'a.ts was changed', details: { path: 'a.ts' } })
  expect(hunks()).toHaveLength(1)
  // A deletion alone has no characters of its own.
  await use('editFile', { path: 'a.ts', edits: [{ oldText: '\nsum(1, 2)\n', newText: '' }] })
  expect(await recall('editFile', input, notes[2])).toMatchObject({ text: 'a.ts was changed' })
  const made = { path: 'new.ts', content: 'x\n' }
  expect(await recall('writeFile', made, undefined)).toBe('not-done')
  expect(await recall('writeFile', made, { makes: 'new.ts' })).toBe('not-done')
  await use('writeFile', made)
  expect(notes.at(-1)).toEqual({ makes: 'new.ts' })
  expect(await recall('writeFile', made, notes.at(-1))).toMatchObject({ text: 'new.ts was made' })
  expect(await recall('writeFile', { ...made, content: 'y' }, notes.at(-1))).toBe('unknown')
  expect(await recall('writeFile', { path: 'a.ts', content: 'y' }, undefined)).toBe('not-done')
})

test('[AGT-84] a file is read in bounded pieces, with the numbers of its lines; what is no text is said to be none', async () => {
  const { server, use } = bed()
  server.create('long.txt', Array.from({ length: 5_000 }, (_, i) => `line ${i + 1}\n`).join(''))
  server.create('wide.txt', `${'x'.repeat(100_000)}\nend\n`)
  server.create('empty.txt', '')
  server.putBlob('image.png', Uint8Array.of(0, 1, 2))
  const start = await use('readFile', { path: 'long.txt' })
  expect(start.text.startsWith('1\tline 1\n')).toBe(true)
  expect(start.text.endsWith('2000\tline 2000\n(5000 lines in all; go on from line 2001)')).toBe(true)
  expect((await use('readFile', { path: 'long.txt', from: 4_999, to: 9_000 })).text).toBe(
    '4999\tline 4999\n5000\tline 5000',
  )
  expect((await use('readFile', { path: 'long.txt', from: 6_000 })).text).toContain('there is no line 6000')
  const wide = await use('readFile', { path: 'wide.txt' })
  expect([wide.text.length < 3_000, wide.text.endsWith('2\tend')]).toEqual([true, true])
  expect((await use('readFile', { path: 'empty.txt' })).text).toBe('empty.txt is empty')
  await expect(use('readFile', { path: 'image.png' })).rejects.toThrow('it is no text (3 bytes)')
  await expect(use('readFile', { path: '.env' })).rejects.toMatchObject({ code: 'not-found' })
  await expect(use('readFile', { path: 7 })).rejects.toThrow()
})

test('[AGT-85] a search is bounded in time, whatever the pattern, and leaves secrets out', async () => {
  let now = 0
  const { server, use } = bed({ clock: { now: () => (now += 1) } })
  server.create('src/a.ts', `one\nlet Total = 1 // ${'x'.repeat(300)}\n`)
  server.create('b.ts', 'total\n')
  server.create('.env', 'total=secret\n')
  expect((await use('search', { pattern: 'total' })).text).toBe(
    `b.ts:1: total\nsrc/a.ts:2: let Total = 1 // ${'x'.repeat(137)}…`,
  )
  expect((await use('search', { pattern: 'total', matchCase: true, path: 'src' })).text).toBe(
    'no line of 1 files has it',
  )
  expect((await use('search', { pattern: '^let \\w+ = \\d', regex: true })).text).toContain('src/a.ts:2:')
  expect((await use('search', { pattern: 'o', limit: 1 })).text).toContain('(stopped after 1 lines; there may be more)')
  await expect(use('search', { pattern: '(', regex: true })).rejects.toMatchObject({ code: 'validation-failed' })
  await expect(use('search', { pattern: '(?:a{100}){100}', regex: true })).rejects.toMatchObject({
    code: 'validation-failed',
  })
  server.create('evil.txt', `${'a'.repeat(5_000)}!\n`.repeat(20))
  expect((await use('search', { pattern: '(a+)+$', regex: true, path: 'evil.txt' })).text).toBe(
    'no line of 1 files has it',
  )
  const late = bed({ clock: { now: () => (now += 5_000) } })
  late.server.create('a.txt', 'x\n')
  late.server.create('b.txt', 'x\n')
  expect((await late.use('search', { pattern: 'x' })).text).toContain('stopped after 8 s')
})

test('[S238] folders are listed, whole trees too, and bounded', async () => {
  const { server, use } = bed()
  server.files.transact(() => {
    for (let i = 0; i < 1_200; i++) server.files.create(`many/f${String(i).padStart(4, '0')}`, 'text')
  }, undefined)
  server.create('a.ts', '')
  expect((await use('listFiles', {})).text).toBe('a.ts\nmany/')
  const all = await use('listFiles', { recursive: true })
  expect(all.text.endsWith('(and 201 more: list a folder of it)')).toBe(true)
  expect((await use('listFiles', { path: 'a.ts' })).text).toBe('a.ts is a file')
  expect((await use('listFiles', { path: 'none' })).isError).toBe(true)
})

test('[AGT-87] what a tool is given is parsed before it does anything', async () => {
  const { server, use } = bed()
  server.create('a.ts', source)
  for (const input of [{}, { path: 'a.ts', edits: [] }, { path: 'a.ts', edits: 'all' }, null])
    await expect(use('editFile', input)).rejects.toThrow()
  expect(server.at('a.ts')).toBe(source)
})

test('[AGT-77] [AGT-2] what the tools changed is rejected, and people’s words stay', async () => {
  const { server, use, run } = bed()
  const id = server.create('a.ts', source)
  await use('editFile', {
    path: 'a.ts',
    edits: [{ oldText: '  return a + b\n', newText: '  // the sum\n  return a + b + 0\n' }],
  })
  const at = server.text(id).indexOf('// the sum') + 10
  server.type(id, { at, del: 0, ins: ', typed' })
  const doc = new Y.Doc()
  Y.applyUpdate(doc, server.save(id))
  const hunks = run.hunks.snapshot() as ReadonlyMap<string, ReviewHunk>
  const open = async () => ({ doc, release: () => {} })
  const review = openReview(new Y.Doc())
  const how = { others: 'kept', spare: true } as const
  await rejectHunks({ hunks, review, files: server.files, open, by: createId(), now: 1 }, hunks.keys(), how)
  expect(doc.getText('content').toString()).toBe(source.replace('  return a', ', typed  return a'))
})
