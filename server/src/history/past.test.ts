import { createId, docPath, type Id } from '@tandem/shared'
import { openFiles } from '@tandem/shared/docs'
import { randomFrom } from '@tandem/shared/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { openMemoryStore } from '../store/memory.ts'
import { openPast } from './test-past.ts'

/** Somebody with a copy of their own, who may be away for a while; writes with one letter. */
function writer(server: Y.Doc, letter: string, author: Id) {
  const doc = new Y.Doc()
  const text = doc.getText('content')
  let pending: Uint8Array[] = []
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== server) pending.push(new Uint8Array(update))
  })
  const hear = () => Y.applyUpdate(doc, Y.encodeStateAsUpdate(server, Y.encodeStateVector(doc)), server)
  hear()
  return {
    author,
    letter,
    type: (random: () => number) => {
      const at = Math.floor(random() * (text.length + 1))
      const length = 1 + Math.floor(random() * 6)
      if (random() < 0.3) text.delete(at, Math.min(length, text.length - at))
      else text.insert(at, random() < 0.3 ? '\n' : letter.repeat(length))
    },
    /** Writes something that is nowhere else. */
    mark: (n: number) => text.insert(Math.floor(text.length / 2), `<${n}>`),
    sync: () => {
      for (const update of pending) Y.applyUpdate(server, update, { author, origin: 'socket' })
      pending = []
      hear()
    },
  }
}

test('[LOG-69] [LOG-55] [LOG-56] [LOG-58] [LOG-60] whatever three people write, restore and take back at once: every version is what it was, nobody’s change is lost, and each character is its author’s', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = randomFrom(seed)
      const pick = (n: number) => Math.floor(random() * n)
      const past = await openPast(openMemoryStore())
      const { updates, history } = past
      const file = await past.create('a.txt', 'one\ntwo\nthree\n', createId())
      const ref = { kind: 'file', fileId: file } as const
      const server = await past.load(ref)
      const textNow = () => server.getText('content').toString()
      const people = ['a', 'b', 'c'].map((letter) => writer(server, letter, createId()))
      const start = updates.head()
      const contents = new Map<number, string>([[updates.head(), textNow()]])
      server.on('update', () => contents.set(updates.stat(docPath(ref))?.seq ?? 0, textNow()))
      const by = (i: number) => ({ id: people[i]?.author ?? '', name: 'x' })
      const head = async () => {
        await updates.pending(docPath(ref))
        return updates.head()
      }

      for (let step = 0; step < 30; step++) {
        const who = people[pick(3)]
        const kind = random()
        if (kind < 0.6) who?.type(random)
        else if (kind < 0.8) who?.sync()
        else if (kind < 0.9) {
          const before = textNow()
          // Somebody writes without having heard of it.
          who?.mark(step)
          const version = start + pick((await head()) + 1 - start)
          const restored = await history.restore({ version }, by(pick(3)))
          expect(textNow()).toBe(await history.versions.text(file, version))
          if (restored.undo && random() < 0.5) {
            const undone = await history.revert(restored.undo, by(pick(3)))
            expect(textNow()).toBe(before)
            expect(undone.conflicts).toEqual([])
          }
          who?.sync()
          expect(textNow()).toContain(`<${step}>`)
        } else {
          const from = start + pick((await head()) + 1 - start)
          await history.revert({ from, to: from + pick(updates.head() + 1 - from), files: [file] }, by(pick(3)))
        }
      }
      for (const person of people) person.sync()
      await head()

      // As a plain replay of the log has it.
      const replayed = new Y.Doc()
      let shown = ''
      for await (const { seq, update } of updates.entries(docPath(ref))) {
        Y.applyUpdate(replayed, update)
        shown = replayed.getText('content').toString()
        expect(await history.versions.text(file, seq)).toBe(shown)
        expect(contents.get(seq) ?? shown).toBe(shown)
      }
      expect(textNow()).toBe(shown)

      for (const version of [updates.head(), start + pick(updates.head() + 1 - start)]) {
        const text = await history.versions.text(file, version)
        const { authors, runs } = await history.blame('a.txt', version)
        expect(runs.reduce((sum, { length }) => sum + length, 0)).toBe(text.length)
        let at = 0
        for (const { length, author: place, seq } of runs) {
          const author = authors[place]
          const letters = new Set(text.slice(at, at + length).replaceAll(/[^abc]/g, ''))
          const own = people.find(({ author: id }) => id === author?.id)?.letter
          if (author?.cause?.restoredFrom === undefined) expect([...letters].filter((l) => l !== own)).toEqual([])
          expect(seq).toBeLessThanOrEqual(version)
          at += length
        }
      }
    }),
    { numRuns: 15 },
  )
}, 60_000)

test('[LOG-59] [LOG-57] what takes the place in the very moment of a restore stays, and nothing is done', async () => {
  const past = await openPast(openMemoryStore())
  const mira = createId()
  const file = await past.create('a.txt', 'one', mira)
  const { history, ground, updates } = past
  const version = updates.head()
  const meta = { author: mira, origin: 'rest' } as const
  await ground.change({ kind: 'file', fileId: file }, meta, (doc) => doc.getText('content').insert(0, 'x'))
  await ground.change({ kind: 'files' }, meta, (doc) => openFiles(doc).move(file, 'b.txt'))
  const { changeEach } = ground
  ground.changeEach = async (...args) => {
    await past.create('a.txt', 'two', mira)
    return changeEach(...args)
  }
  await expect(history.restore({ version, files: [file] }, { id: mira, name: 'Mira' })).rejects.toThrow('a.txt')
  const index = await history.versions.index(updates.head())
  expect([...index.byPath.keys()]).toEqual(['b.txt', 'a.txt'])
  expect(await history.versions.text(file, updates.head())).toBe('xone')
  expect(await history.checkpoints.list()).toEqual([])
})
