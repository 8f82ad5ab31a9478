import { expect, test } from 'vitest'
import { idsIn, readRules, readTests, rulesIn } from './spec-rules.ts'
import { root } from './stage.ts'

test('a rule is a list line that begins with its number', () => {
  const text = '# Title\n- **MIR-7** tmp+rename save → one change\n- other\n- **S40** crates (no test: history)\n'
  expect(rulesIn(text, 'x.md')).toEqual([
    { id: 'MIR-7', text: 'tmp+rename save → one change', file: 'x.md' },
    { id: 'S40', text: 'crates (no test: history)', file: 'x.md', noTest: 'history' },
  ])
})

test('a test names its rules in brackets, several if need be', () => {
  // Put together, lest this very file seem to test those rules.
  const title = ['S106', 'TSK-3'].map((id) => `[${id}]`).join(' ')
  expect([...idsIn(`test('${title} a fourth task waits', () => list[0])`)]).toEqual(['S106', 'TSK-3'])
})

test('the specification numbers every founding promise once, without a gap', () => {
  const founding = readRules(root).filter(({ file }) => file === 'docs/spec/founding.md')
  expect(founding.map(({ id }) => id)).toEqual(Array.from({ length: 342 }, (_, i) => `S${i + 1}`))
})

test('every rule that a test names stands in the specification', () => {
  const known = new Set(readRules(root).map(({ id }) => id))
  expect([...readTests(root)].filter(([id]) => !known.has(id))).toEqual([])
})
