import { acknowledged, testClient, testServer } from '@tandem/server/test-server'
import { shellOnServer } from '@tandem/daemon/tree-on-server'
import { createId } from '@tandem/shared'
import { openFiles } from '@tandem/shared/docs'
import { expect, onTestFinished, test } from 'vitest'
import { until } from './harness/until.ts'

test('[S223] [SBX-323] [SBX-327] two people type in a file while lines of a shell run: all of it is there, at both, and it is the same file', async () => {
  const server = await testServer()
  const people = [await testClient(server, { name: 'Ada' }), await testClient(server, { name: 'Ben' })]
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i} foo\n`).join('')
  const id = createId()
  const open = await Promise.all(people.map((each) => each.open({ kind: 'file', fileId: id })))
  const index = await Promise.all(people.map((each) => each.open({ kind: 'files' })))
  const [ada, ben] = open as [(typeof open)[0], (typeof open)[0]]
  const files = openFiles(index[0]!.doc)
  ada.text.insert(0, lines)
  await acknowledged(ada.provider)
  files.create('a.txt', 'text', undefined, id)
  await acknowledged(index[0]!.provider)

  let [typed, shortest] = [0, Infinity]
  for (const { text } of open) text.observe(() => (shortest = Math.min(shortest, text.length)))
  const type = (who: typeof ada) => {
    const at = who.text.toString().indexOf('\n', (typed * 53) % who.text.length) + 1
    who.text.insert(at, `typed ${typed++}.\n`)
  }
  await until('both have the text', () => ben.text.length === lines.length)
  shortest = Infinity
  const stop = new AbortController()
  const bed = await shellOnServer(
    {
      server: server.url,
      apiKey: server.ownerKey,
      // Ada's is at the server before the shell goes on, Ben's is under way.
      around: async () => {
        type(ada)
        await acknowledged(ada.provider)
        type(ben)
      },
    },
    stop.signal,
  )
  onTestFinished(bed.close)
  await until('the shell has the file', () => bed.tree.at('a.txt') !== undefined)
  const said = [
    await bed.shell.exec('cd /workspace; sed -i s/foo/bar/ a.txt; echo appended >> a.txt'),
    await bed.shell.exec('cat a.txt > copy; cat copy > a.txt; mv a.txt moved.txt; mkdir -p new/folder'),
    await bed.shell.exec('rm moved.txt'),
  ]
  expect(said.map(({ exitCode }) => exitCode)).toEqual([0, 0, 1])
  expect(said[2]?.stderr).toContain('somebody typed in it meanwhile')
  await Promise.all(open.map(({ provider }) => acknowledged(provider)))
  await until('both have the same', () => ada.text.toString() === ben.text.toString())
  await until('it is the same file', () => files.snapshot().byPath.get('moved.txt')?.id === id)
  expect([...files.snapshot().byPath.keys()].toSorted()).toEqual(['copy', 'moved.txt', 'new/folder'])
  const text = ada.text.toString()
  expect(typed).toBeGreaterThan(6)
  for (let i = 0; i < typed; i++) expect(text.split(`typed ${i}.\n`)).toHaveLength(2)
  for (let i = 0; i < 30; i++) expect(text).toContain(`line ${i} bar\n`)
  expect(text).toContain('appended\n')
  expect(shortest).toBeGreaterThanOrEqual(lines.length)
})

test('[SBX-344] a file that a page made empty is appended to and written', async () => {
  const server = await testServer()
  const page = await testClient(server, { name: 'Ada' })
  const index = await page.open({ kind: 'files' })
  const files = openFiles(index.doc)
  for (const path of ['appended.txt', 'replaced.txt', 'edited.txt']) files.create(path, 'text')
  await acknowledged(index.provider)
  const stop = new AbortController()
  const bed = await shellOnServer({ server: server.url, apiKey: server.ownerKey, around: async () => {} }, stop.signal)
  onTestFinished(bed.close)
  await until('the shell has the files', () => bed.tree.at('edited.txt') !== undefined)
  const { stderr, exitCode } = await bed.shell.exec('cd /workspace; echo one >> appended.txt; echo two > replaced.txt')
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  const [base] = await bed.tree.read(['edited.txt'], stop.signal)
  if (base?.kind !== 'text') throw new Error('it is no text')
  const prepared = await bed.tree.edits.prepare(base, 'three\n', undefined, stop.signal)
  await prepared.send(stop.signal)
  const read = await bed.tree.read(['appended.txt', 'replaced.txt', 'edited.txt'], stop.signal)
  expect(read.map((file) => file.kind === 'text' && file.text)).toEqual(['one\n', 'two\n', 'three\n'])
})
