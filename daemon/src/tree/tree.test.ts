import { systemClock } from '@tandem/shared'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryServer } from '../mirror/testing/memory-workspace.ts'
import { createFileTree } from './file-tree.ts'
import { createTree } from './tree.ts'

const never = new AbortController().signal
const bytes = (text: string) => new TextEncoder().encode(text)

function bed() {
  const server = memoryServer()
  const tree = createTree({
    documents: { ...server.join(), begin: () => () => {} },
    hides: (name) => name === '.env',
    mayNotWrite: () => undefined,
    maxTextBytes: 1_000,
    maxBlobBytes: 10_000,
    clock: systemClock,
  })
  const read = async (path: string) => Buffer.from((await tree.read([path], never))[0]?.bytes ?? []).toString()
  return { server, tree, read, files: createFileTree({ tree, signal: never }) }
}

test('[S220] [S223] [S224] [SBX-328] the nine operations are on the documents', async () => {
  const { files, server } = bed()
  await files.mkdir('/src/lib')
  await files.writeFile('/src/lib/a.ts', bytes('one\n'))
  await files.appendFile('/src/lib/a.ts', bytes('two\n'))
  expect(server.at('src/lib/a.ts')).toBe('one\ntwo\n')
  expect(await files.readdir('/')).toEqual(['src'])
  expect(await files.stat('/src/lib/a.ts')).toEqual({ kind: 'file', size: 8 })
  expect(await files.stat('/src')).toEqual({ kind: 'dir', size: 0 })
  await expect(files.rmdir('/src/lib')).rejects.toThrow('not empty')
  await expect(files.writeFile('/none/a', bytes(''))).rejects.toMatchObject({ code: 'not-found' })
  await files.unlink('/src/lib/a.ts')
  expect(await files.exists('/src/lib/a.ts')).toBe(false)
  expect(await files.exists('/src/lib')).toBe(true)
  await files.rmdir('/src/lib')
  expect(await files.exists('/src/lib')).toBe(false)
})

test('[SBX-329] what was typed after the file was read is kept, and it stays when it was to be removed', async () => {
  const { files, server } = bed()
  const id = server.create('a.txt', 'one\ntwo\nthree\n')
  await files.readFile('/a.txt')
  server.edit(id, 'three', 'three, typed')
  await files.writeFile('/a.txt', bytes('ONE\ntwo\nthree\n'))
  expect(server.at('a.txt')).toBe('ONE\ntwo\nthree, typed\n')
  await files.readFile('/a.txt')
  server.edit(id, 'two', 'two, typed')
  await expect(files.unlink('/a.txt')).rejects.toThrow('somebody typed in it meanwhile')
  expect(server.at('a.txt')).toBe('ONE\ntwo, typed\nthree, typed\n')
})

test('[SBX-420] a file that is there instead of the one that was read is removed, and no other said to be', async () => {
  const { files, server } = bed()
  const id = server.create('a.txt', 'one\n')
  await files.readFile('/a.txt')
  server.files.remove(id, { by: id, at: 1 })
  server.create('a.txt', 'two\n')
  await files.unlink('/a.txt')
  expect(server.files.snapshot().byPath.has('a.txt')).toBe(false)
})

test('[SBX-418] however many files are read at once, few are held at a time', async () => {
  const { tree, server } = bed()
  let [now, most] = [0, 0]
  const files = createFileTree({
    tree: {
      ...tree,
      read: async (...args) => {
        most = Math.max(most, ++now)
        return tree.read(...args).finally(() => now--)
      },
    },
    signal: never,
  })
  const names = Array.from({ length: 50 }, (_, i) => `f${i}.txt`)
  for (const name of names) server.create(name, `${name}\n`)
  const all = await Promise.all(names.map((name) => files.readFile(`/${name}`)))
  expect(all.map((each) => Buffer.from(each).toString())).toEqual(names.map((name) => `${name}\n`))
  expect(most).toBeLessThanOrEqual(4)
})

test('[SBX-330] a text that becomes large or no text is a blob, and back; line ends and the mark of a program are kept', async () => {
  const { tree, files, server, read } = bed()
  const id = server.create('run.sh', 'one\ntwo\n')
  server.files.setFacts(id, { size: 10, exec: true, eol: 'crlf', bom: false })
  expect(await read('run.sh')).toBe('one\r\ntwo\r\n')
  await files.writeFile('/run.sh', bytes('one\nthree\n'))
  expect([await read('run.sh'), server.at('run.sh')]).toEqual(['one\r\nthree\r\n', 'one\nthree\n'])
  await files.writeFile('/run.sh', Uint8Array.of(0, 1, 2))
  expect(tree.at('run.sh')).toMatchObject({ kind: 'blob', facts: { exec: true } })
  expect(await files.readFile('/run.sh')).toEqual(Uint8Array.of(0, 1, 2))
  await files.writeFile('/run.sh', bytes('text again\n'))
  expect(tree.at('run.sh')).toMatchObject({ kind: 'text', facts: { exec: true } })
  await files.writeFile('/run.sh', bytes('x'.repeat(2_000)))
  expect(tree.at('run.sh')).toMatchObject({ kind: 'blob', facts: { size: 2_000 } })
  await expect(files.writeFile('/run.sh', bytes('x'.repeat(20_000)))).rejects.toThrow('larger than a file may be')
  expect((await files.readFile('/run.sh')).length).toBe(2_000)
})

test('[SBX-331] secrets, protected names, clashes and what is not shared are refused in words, and nothing is done', async () => {
  const { files, server, tree } = bed()
  server.create('.env', 'KEY=1\n')
  server.create('Readme', 'x\n')
  const large = server.create('large.bin', '')
  server.files.setFacts(large, { size: 10, exec: false, eol: 'lf', bom: false, withheld: 'too large' })
  await expect(files.readFile('/.env')).rejects.toThrow('secret')
  await expect(files.writeFile('/.env', bytes('x'))).rejects.toThrow('secret')
  await expect(files.writeFile('/readme', bytes('x'))).rejects.toThrow('some disks cannot tell')
  await expect(files.writeFile('/.git/hooks', bytes('x'))).rejects.toMatchObject({ code: 'path-protected' })
  await expect(files.readFile('/large.bin')).rejects.toThrow('not shared')
  server.online(false)
  await expect(tree.commit([{ do: 'mkdir', path: 'new' }], undefined, never)).rejects.toMatchObject({ code: 'offline' })
  server.online(true)
  server.damage(server.id('Readme'))
  await expect(files.readFile('/Readme')).rejects.toMatchObject({ code: 'store-corrupt' })
  expect(await files.exists('/Readme')).toBe(true)
})

test('[SBX-332] an index of 10,000 files is made once, and looked up', () => {
  const { server, tree } = bed()
  server.files.transact(() => {
    for (let i = 0; i < 10_000; i++) server.files.create(`d${i % 100}/e${i % 10}/f${i}`, 'text')
  }, undefined)
  expect(tree.folder('')?.size).toBe(100)
  expect(tree.folder('d1/e1')).toBe(tree.folder('d1/e1'))
  expect(tree.folder('d1/e1')?.size).toBe(100)
  expect(tree.at('d1')).toBe('folder')
})

test('[SBX-329] whatever is typed while files are written, every typed line is there, once', async () => {
  const Line = fc.integer({ min: 0, max: 30 })
  const Act = fc.oneof(
    fc.record({ who: fc.constant('human' as const), at: Line }),
    fc.record({ who: fc.constant('reads' as const) }),
    fc.record({ who: fc.constant('writes' as const), at: Line, how: fc.constantFrom('replace', 'drop', 'add') }),
    fc.record({ who: fc.constant('appends' as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(Act, { maxLength: 25 }), async (acts) => {
      const { files, server } = bed()
      const id = server.create('a.txt', Array.from({ length: 10 }, (_, i) => `line ${i}\n`).join(''))
      let [typed, made] = [0, 0]
      /** What the writer has in hand: it never takes away what a person typed by knowing it. */
      let mine = await files.readFile('/a.txt')
      const toText = () => Buffer.from(mine).toString()
      for (const act of acts) {
        if (act.who === 'human') {
          const lines = server.text(id).split('\n')
          const at = lines.slice(0, act.at % lines.length).join('\n').length
          const start = at === 0 ? 0 : at + 1
          server.type(id, { at: Math.min(start, server.text(id).length), del: 0, ins: `typed ${typed++}.\n` })
        } else if (act.who === 'reads') mine = await files.readFile('/a.txt')
        else if (act.who === 'appends') await files.appendFile('/a.txt', bytes(`more ${made++}\n`))
        else {
          const lines = toText().split('\n')
          const own = lines.findIndex((line, i) => i >= act.at % lines.length && !line.includes('typed') && line !== '')
          if (own >= 0 && act.how !== 'add') lines.splice(own, 1, ...(act.how === 'drop' ? [] : [`new ${made++}`]))
          else lines.splice(Math.max(own, 0), 0, `new ${made++}`)
          mine = bytes(lines.join('\n'))
          await files.writeFile('/a.txt', mine)
        }
      }
      const text = server.text(id)
      for (let i = 0; i < typed; i++) expect(text.split(`typed ${i}.\n`)).toHaveLength(2)
    }),
    { numRuns: 60 },
  )
})
