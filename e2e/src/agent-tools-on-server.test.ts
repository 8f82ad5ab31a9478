import { projectTools } from '@tandem/daemon/project-tools'
import { shellOnServer } from '@tandem/daemon/tree-on-server'
import { acknowledged, testClient, testServer } from '@tandem/server/test-server'
import { Blame, createId, systemClock } from '@tandem/shared'
import { openFiles, openReview, openRun, rejectHunks } from '@tandem/shared/docs'
import { expect, onTestFinished, test } from 'vitest'
import { until } from './harness/until.ts'

const source = 'export function sum(a, b) {\n  return a + b\n}\n\nconsole.log(sum(1, 2))\n'

test('[AGT-1] [AGT-2] [AGT-70] [AGT-80] a run edits where somebody types, at a real server: blame tells them apart, and undone, only people’s words are left', async () => {
  const server = await testServer()
  const ada = await testClient(server, { name: 'Ada' })
  const ben = await testClient(server, { name: 'Ben' })
  const [id, task] = [createId(), createId()]
  const open = await ada.open({ kind: 'file', fileId: id })
  const there = await ben.open({ kind: 'file', fileId: id })
  const index = await ada.open({ kind: 'files' })
  const files = openFiles(index.doc)
  open.text.insert(0, source)
  await acknowledged(open.provider)
  files.create('sum.ts', 'text', undefined, id)
  await acknowledged(index.provider)

  /** Ada types when the text has been read so often. */
  let readsToTyping = 0
  const bed = await shellOnServer(
    {
      server: server.url,
      apiKey: server.ownerKey,
      // At the server before the run's edit goes out, which was made without it.
      around: async () => {
        if (readsToTyping === 0 || --readsToTyping > 0) return
        open.text.insert(open.text.toString().indexOf('a + b') + 1, ' /* Ada */')
        await acknowledged(open.provider)
      },
    },
    new AbortController().signal,
  )
  onTestFinished(bed.close)
  await until('the tools have the file', () => bed.tree.at('sum.ts') !== undefined)
  const run = openRun(index.doc)
  const tools = projectTools({
    tree: bed.tree,
    task,
    setHunks: async (call, hunks) => void run.setHunks(call, hunks),
    clock: systemClock,
  })
  const use = async (name: string, input: unknown) => {
    const context = { callId: createId(), signal: new AbortController().signal, note: async () => {} }
    return await tools.find((each) => each.name === name)?.run(input, context)
  }
  const edits = [
    { oldText: 'return a + b', newText: 'return [a, b].reduce((x, y) => x + y)' },
    { oldText: 'console.log(', newText: 'console.info(' },
  ]
  readsToTyping = 2
  expect((await use('editFile', { path: 'sum.ts', edits }))?.isError).not.toBe(true)
  expect(readsToTyping).toBe(0)
  await use('writeFile', { path: 'made.ts', content: 'made\n' })
  await until('Ben has it too', () => there.text.toString().includes('console.info'))
  await until('both have the same', () => there.text.toString() === open.text.toString())
  const text = open.text.toString()
  expect(text).toContain('Ada')
  expect(text).toContain('.reduce((x, y) => x + y)')

  const blame = Blame.parse(await (await server.inWorkspace('/versions/head/blame/sum.ts')).json())
  let at = 0
  const byRun = blame.runs.map(({ length, author }) => {
    const words = text.slice(at, (at += length))
    return blame.authors[author]?.cause?.task === task ? words : ''
  })
  expect(byRun.join('')).toContain('.reduce((')
  expect(byRun.join('')).toContain('info')
  expect(byRun.join('')).not.toMatch(/Ada|function|console/)

  const hunks = run.hunks.snapshot()
  const review = openReview((await ada.open({ kind: 'review', runId: task })).doc)
  const opened = new Map([[id, open.doc]])
  const left = await rejectHunks(
    {
      hunks,
      review,
      files,
      open: async (file) => ({
        doc: opened.get(file) ?? (await ada.open({ kind: 'file', fileId: file })).doc,
        release: () => {},
      }),
      by: createId(),
      now: 1,
    },
    hunks.keys(),
    { others: 'kept', spare: true },
  )
  expect(left).toEqual([])
  await until('Ben sees it undone', () => there.text.toString() === open.text.toString())
  expect(there.text.toString().replace(' /* Ada */', '')).toBe(source)
  expect(there.text.toString()).toContain(' /* Ada */')
  expect([...files.snapshot().byPath.keys()]).toEqual(['sum.ts'])
})
