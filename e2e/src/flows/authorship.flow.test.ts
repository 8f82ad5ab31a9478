import { Blame, type Cause } from '@tandem/shared'
import { afterEach, expect, test } from 'vitest'
import { cleanUp, startTandem, type Tandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

afterEach(cleanUp)

/** Adds to a file, and makes as many new ones as go in bulk. */
const write = `import fs from 'node:fs'
fs.appendFileSync('both.txt', 'by the task\\n')
fs.mkdirSync('made')
for (let i = 0; i < 60; i++) fs.writeFileSync('made/f' + i + '.txt', 'file ' + i + '\\n')
`
/** What a generator does: many new files, one that was there rewritten, one moved, one gone; then it exits at once. */
const generate = `import fs from 'node:fs'
for (let d = 0; d < 20; d++) fs.mkdirSync('out' + d)
for (let i = 0; i < 1000; i++) fs.writeFileSync('out' + (i % 20) + '/f' + i + '.txt', 'file ' + i + '\\n')
fs.writeFileSync('changed.txt', 'before\\nby the task\\n')
fs.renameSync('moved.txt', 'out0/moved.txt')
fs.unlinkSync('gone.txt')
`
/** Two of them write while both run. */
const meet = `import fs from 'node:fs'
const [me, other] = process.argv.slice(2)
const wait = async (file) => { while (!fs.existsSync(file)) await new Promise((r) => setTimeout(r, 10)) }
fs.writeFileSync(me + '.ready', '')
await wait(other + '.ready')
fs.writeFileSync(me + '.txt', 'written by one of two\\n')
await wait(other + '.txt')
`

const at = (tandem: Tandem) => `/api/v1/workspaces/${tandem.ready.workspaceId}`

async function start(tandem: Tandem, ...args: string[]): Promise<string> {
  const body = JSON.stringify({ payload: { kind: 'command', command: 'node', args } })
  const headers = { 'content-type': 'application/json' }
  const answer = await tandem.api(`${at(tandem)}/tasks`, { method: 'POST', body, headers })
  return ((await answer.json()) as { id: string }).id
}
const completed = (tandem: Tandem, id: string) =>
  until('the task is over', async () => {
    const task = (await (await tandem.api(`${at(tandem)}/tasks/${id}`)).json()) as {
      state: string
      completedAt?: string
    }
    return task.completedAt !== undefined && task.state
  })

/** Who wrote what of a file: pieces of text, each with the kind of its author and the cause. */
async function blame(tandem: Tandem, path: string): Promise<[text: string, kind: string, cause: Cause | undefined][]> {
  const answer = await tandem.api(`${at(tandem)}/versions/head/blame/${path}`)
  if (!answer.ok) return []
  const { authors, runs } = Blame.parse(await answer.json())
  const text = await (await tandem.api(`${at(tandem)}/files/${path}`)).text()
  let from = 0
  return runs.map(({ length, author }) => {
    const piece = text.slice(from, (from += length))
    return [piece, authors[author]?.kind ?? '', authors[author]?.cause] as const
  }) as [string, string, Cause | undefined][]
}
const untilSays = (tandem: Tandem, path: string, text: string) =>
  until(`${path} says ${text}`, async () =>
    (await (await tandem.api(`${at(tandem)}/files/${path}`)).text()).includes(text),
  )

test('[LOG-98] [LOG-99] what a task did to the folder says so; what others did on disk, before and after, does not', async () => {
  const tandem = await startTandem({ files: { 'both.txt': 'before\n', 'write.mjs': write } })
  const task = await start(tandem, 'write.mjs')
  expect(await completed(tandem, task)).toBe('completed')
  expect(await blame(tandem, 'both.txt')).toEqual([
    ['before\n', 'disk', undefined],
    ['by the task\n', 'disk', { task }],
  ])
  for (const i of [0, 59]) expect(await blame(tandem, `made/f${i}.txt`)).toEqual([[`file ${i}\n`, 'disk', { task }]])
  tandem.write('both.txt', 'before\nby the task\nafter\n')
  await untilSays(tandem, 'both.txt', 'after')
  expect(await blame(tandem, 'both.txt')).toEqual([
    ['before\n', 'disk', undefined],
    ['by the task\n', 'disk', { task }],
    ['after\n', 'disk', undefined],
  ])
})

test('[MIR-58] a task that writes 1,000 files and exits: all of it is shared, and is the task’s, before it is done', async () => {
  const files = { 'changed.txt': 'before\n', 'moved.txt': 'moved\n', 'gone.txt': 'gone\n', 'generate.mjs': generate }
  const tandem = await startTandem({ files })
  const pathOf = async () => {
    const { files: list } = (await (await tandem.api(`${at(tandem)}/files?limit=10000`)).json()) as {
      files: { id: string; path: string }[]
    }
    return new Map(list.map(({ id, path }) => [path, id]))
  }
  const before = await pathOf()
  const task = await start(tandem, 'generate.mjs')
  expect(await completed(tandem, task)).toBe('completed')
  // Now, not a moment later.
  const after = await pathOf()
  const made = Array.from({ length: 1_000 }, (_, i) => `out${i % 20}/f${i}.txt`)
  expect([...after.keys()].toSorted()).toEqual(['changed.txt', 'generate.mjs', 'out0/moved.txt', ...made].toSorted())
  expect(after.get('out0/moved.txt')).toBe(before.get('moved.txt'))
  for (const i of [0, 499, 999])
    expect(await blame(tandem, `out${i % 20}/f${i}.txt`)).toEqual([[`file ${i}\n`, 'disk', { task }]])
  expect(await blame(tandem, 'changed.txt')).toEqual([
    ['before\n', 'disk', undefined],
    ['by the task\n', 'disk', { task }],
  ])
})

test('[LOG-99] of what is written while two tasks run nobody is named', async () => {
  const tandem = await startTandem({ files: { 'meet.mjs': meet } })
  const tasks = [await start(tandem, 'meet.mjs', 'a', 'b'), await start(tandem, 'meet.mjs', 'b', 'a')]
  for (const task of tasks) expect(await completed(tandem, task)).toBe('completed')
  for (const path of ['a.txt', 'b.txt'])
    expect(await blame(tandem, path)).toEqual([['written by one of two\n', 'disk', undefined]])
})
