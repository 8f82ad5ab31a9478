import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { applyEdits } from '../docs/text.ts'
import { diffText } from './diff.ts'
import { applyToString } from './edits.ts'
import { diffLines, splitLines } from './lines.ts'
import { merge } from './three-way.ts'

/** A fixed seed finds what it once found; a fresh one, printed on failure by fast-check, looks further. */
const seeds = [20261121, Date.now() % 2 ** 31]

const word = fc.constantFrom(
  'foo',
  'bar(',
  ')',
  ' ',
  '  ',
  '😀',
  '😁',
  '👩‍👩‍👧',
  'é',
  'e\u0301',
  '{',
  '}',
  'x',
  '\t',
  '𝒳',
  '\u{1F1E9}\u{1F1EA}',
)
const line = fc.array(word, { maxLength: 6 }).map((words) => words.join(''))
const terminator = fc.constantFrom('\n', '\n', '\n', '\r\n', '')
const text = fc
  .array(fc.tuple(line, terminator), { maxLength: 12 })
  .map((lines) => lines.map(([l, t]) => l + t).join(''))

test.for(seeds)(
  '[MIR-46] edits turn any text into any other, the same on every replica, emoji and line ends too (seed %i)',
  (seed) => {
    fc.assert(
      fc.property(text, text, (from, to) => {
        const edits = diffText(from, to)
        expect(applyToString(from, edits)).toBe(to)
        const [here, there] = [new Y.Doc(), new Y.Doc()]
        here.getText('t').insert(0, from)
        applyEdits(here.getText('t'), edits, 'test')
        expect(here.getText('t').toString()).toBe(to)
        Y.applyUpdate(there, Y.encodeStateAsUpdate(here))
        expect(there.getText('t').toString()).toBe(to)
      }),
      { seed, numRuns: 1500 },
    )
  },
)

test.for(seeds)('edits are ascending, do not overlap, and never inside a surrogate pair (seed %i)', (seed) => {
  const inside = (s: string, at: number) =>
    at > 0 && at < s.length && /^[\ud800-\udbff][\udc00-\udfff]$/.test(s.slice(at - 1, at + 1))
  fc.assert(
    fc.property(text, text, (from, to) => {
      let end = 0
      for (const { at, del, ins } of diffText(from, to)) {
        expect(at).toBeGreaterThanOrEqual(end)
        end = at + del
        expect([inside(from, at), inside(from, end), ins.isWellFormed()]).toEqual([false, false, true])
      }
    }),
    { seed, numRuns: 500 },
  )
})

test('[MIR-46] one emoji for another leaves both replicas the same', () => {
  expect(diffText('a 😀 b\n', 'a 😁 b\n')).toEqual([{ at: 2, del: 2, ins: '😁' }])
})

test('a changed word is one small edit, an added line one insertion', () => {
  expect(diffText('const a = 1\nconst b = 2\n', 'const a = 10\nconst b = 2\n')).toEqual([{ at: 10, del: 1, ins: '10' }])
  expect(diffText('one\ntwo\n', 'one\nnew\ntwo\n')).toEqual([{ at: 4, del: 0, ins: 'new\n' }])
  expect(diffText('let total = sum(a, b)\n', 'let total = sum(a, b, c)\n// more\n')).toEqual([
    { at: 20, del: 0, ins: ', c' },
    { at: 22, del: 0, ins: '// more\n' },
  ])
})

test('[UI-18] many lines as long as files that all changed are each one edit, in bounded time', () => {
  const lines = (words: string) => Array.from({ length: 40 }, (_, i) => `${i} ${words.repeat(20_000)}\n`).join('')
  const [from, to] = [lines('ab '), lines('cd ')]
  expect(applyToString(from, diffText(from, to))).toBe(to)
})

test('[MIR-109] a rewritten large file ends in bounded work, and the same way each time', () => {
  const lines = (n: number, f: (i: number) => string) => Array.from({ length: n }, (_, i) => f(i)).join('\n')
  const from = lines(50_000, (i) => `line ${i} ${i * 7919}`)
  const to = lines(50_000, (i) => (i % 3 === 0 ? `line ${i} ${i * 7919}` : `other ${i * 31}`))
  const edits = diffText(from, to)
  expect(applyToString(from, edits)).toBe(to)
  expect(diffText(from, to)).toEqual(edits)
  expect(diffLines(splitLines(from), splitLines(to)).length).toBeGreaterThan(1000)
})

test('[MIR-109] how busy the machine is does not change what the edits are', () => {
  const from = Array.from({ length: 300 }, (_, i) => `let value${i} = call(${i}, other)\nsame ${i}\n`).join('')
  const to = from.replaceAll('other', 'another')
  const edits = diffText(from, to)
  expect(edits).toHaveLength(300)
  // An hour goes by at each look at the clock.
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => (hours += 3_600_000))
  let hours = 0
  try {
    expect(diffText(from, to)).toEqual(edits)
  } finally {
    clock.mockRestore()
  }
})

/** One side of a text that somebody edits while others do, in lines of words. */
const words = fc.array(fc.constantFrom('let', 'x', '=', 'call(', ')', '😀', '👩‍👩‍👧', 'é', '{', '}'), {
  minLength: 1,
  maxLength: 5,
})
const document = fc.array(words, { maxLength: 8 }).map((lines) => lines.map((line) => line.join(' ') + '\n').join(''))

test.for(seeds)(
  '[MIR-3] [MIR-46] what is inserted on disk and typed meanwhile is in every replica, once, and all agree (seed %i)',
  (seed) => {
    fc.assert(
      fc.property(document, document, fc.nat(), fc.nat(), (base, typedText, at, where) => {
        const [server, browser, daemon] = [new Y.Doc(), new Y.Doc(), new Y.Doc()]
        server.getText('t').insert(0, base)
        for (const doc of [browser, daemon]) Y.applyUpdate(doc, Y.encodeStateAsUpdate(server))
        const insert = (text: string, line: string, place: number) => {
          const lines = splitLines(text)
          return lines.toSpliced(place % (lines.length + 1), 0, line).join('')
        }
        // While the disk's edit is on its way, somebody types: at first something else, then a line of their own.
        applyEdits(browser.getText('t'), diffText(base, typedText), 'typed')
        applyEdits(browser.getText('t'), diffText(typedText, insert(typedText, 'TYPED\n', where)), 'typed')
        const disk = insert(base, 'DISK\n', at)
        applyEdits(daemon.getText('t'), diffText(base, merge(base, disk, base).text), 'disk')
        for (const from of [browser, daemon, browser]) Y.applyUpdate(server, Y.encodeStateAsUpdate(from))
        for (const doc of [browser, daemon]) Y.applyUpdate(doc, Y.encodeStateAsUpdate(server))
        const now = server.getText('t').toString()
        expect([browser, daemon].map((doc) => doc.getText('t').toString())).toEqual([now, now])
        expect(now.isWellFormed()).toBe(true)
        expect(now.match(/DISK/g)).toHaveLength(1)
        expect(now.match(/TYPED/g)).toHaveLength(1)
        // Then the other way round: what came of it, merged with what the disk has become, loses neither.
        const later = insert(disk, 'LATER\n', where)
        const merged = merge(disk, later, now).text
        for (const line of ['DISK', 'TYPED', 'LATER']) expect(merged.match(new RegExp(line, 'g'))).toHaveLength(1)
      }),
      { seed, numRuns: 200 },
    )
  },
)

/** Three texts of lines that occur once each: a base, and what two people made of it. */
const edited = fc
  .record({
    base: fc.uniqueArray(
      fc.integer({ min: 0, max: 99 }).map((n) => `b${n}`),
      { maxLength: 10 },
    ),
    disk: fc.array(fc.tuple(fc.constantFrom('ins', 'del', 'set'), fc.nat(12)), { maxLength: 5 }),
    remote: fc.array(fc.tuple(fc.constantFrom('ins', 'del', 'set'), fc.nat(12)), { maxLength: 5 }),
    ends: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  })
  .map(({ base, disk, remote, ends }) => {
    const change = (ops: typeof disk, who: string) => {
      const lines = [...base]
      for (const [n, [op, at]] of ops.entries()) {
        if (op === 'ins') lines.splice(Math.min(at, lines.length), 0, `${who}${n}`)
        else if (at < lines.length) lines.splice(at, 1, ...(op === 'set' ? [`${who}${n}`] : []))
      }
      return lines
    }
    return { base, disk: change(disk, 'd'), remote: change(remote, 'r'), ends }
  })

const joined = (lines: readonly string[], ended: boolean) => lines.join('\n') + (ended && lines.length > 0 ? '\n' : '')

test.for(seeds)('[MIR-3] every line that nobody deleted is in the merge, once (seed %i)', (seed) => {
  fc.assert(
    fc.property(edited, ({ base, disk, remote, ends }) => {
      const merged = merge(joined(base, ends[0]), joined(disk, ends[1]), joined(remote, ends[2]))
        .text.split('\n')
        .filter(Boolean)
      const deleted = new Set(base.filter((l) => !disk.includes(l) || !remote.includes(l)))
      const wanted = new Set([...base, ...disk, ...remote].filter((l) => !deleted.has(l)))
      expect(merged.toSorted()).toEqual([...wanted].toSorted())
    }),
    { seed, numRuns: 3000 },
  )
})

test.for(seeds)('a merge with an unchanged side is the other side, and of equal sides either (seed %i)', (seed) => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(merge(a, b, a).text).toBe(b)
      expect(merge(a, a, b).text).toBe(b)
      expect(merge(a, b, b).text).toBe(b)
    }),
    { seed, numRuns: 300 },
  )
})

test('[MIR-4] the same line changed on both sides is kept from both, once each, and counted', () => {
  expect(merge('a\nx\nb\n', 'a\nx disk\nb\n', 'a\nx doc\nb\n')).toEqual({ text: 'a\nx doc\nx disk\nb\n', conflicts: 1 })
})

test('a change made on both sides that went on further on one is no conflict', () => {
  expect(merge('1\n4\n', '1\n4 typed\nmore\n', '1\n4 typed\n')).toEqual({ text: '1\n4 typed\nmore\n', conflicts: 0 })
})

test('[MIR-5] the same text from both sides is there once', () => {
  expect(merge('a\n', 'a\nnew\n', 'a\nnew\n')).toEqual({ text: 'a\nnew\n', conflicts: 0 })
})

test('a last line without a line feed does not run into the line behind it', () => {
  expect(merge('a\nb\n', 'a\nB', 'a\nb\nc\n').text).toBe('a\nB\nc')
})

test('[MIR-4] what both sides wrote in one place keeps its shape: a brace belongs to its block, though there are others', () => {
  expect(merge('h() {\n}\nx\n', 'h() {\n}\nf() {\n}\n', 'h() {\n}\ng() {\n}\n').text).toBe(
    'h() {\n}\ng() {\n}\nf() {\n}\n',
  )
  expect(merge('x\n', 'f() {\n}\n', 'g() {\n}\n').text).toBe('g() {\n}\nf() {\n}\n')
})

test('[MIR-4] a line that both added among others is there once', () => {
  expect(merge('x\n', 'import a\nimport b\n', 'import a\nimport c\n').text).toBe('import a\nimport c\nimport b\n')
})
