import fc from 'fast-check'
import { expect, test } from 'vitest'
import { minimalEdit } from './minimal-edit.ts'

const units = fc.array(fc.constantFrom('a', 'b', '\n', '\ud83d', '\ude00'), { maxLength: 12 }).map((u) => u.join(''))

test('[UI-18] the smallest edit turns one text into the other and never ends behind a high surrogate', () => {
  fc.assert(
    fc.property(units, units, (have, want) => {
      const { from, to, text } = minimalEdit(have, want)
      expect(have.slice(0, from) + text + have.slice(to)).toBe(want)
      for (const end of [from, to]) expect(end < have.length && /[\ud800-\udbff]$/.test(have.slice(0, end))).toBe(false)
    }),
  )
})

test('[UI-18] equal texts need an empty edit', () => {
  expect(minimalEdit('same', 'same')).toEqual({ from: 4, to: 4, text: '' })
})
