import { expect, test } from 'vitest'
import { fontSizeFor, sizeThatFits } from './measure.ts'

const cell = { width: 8, height: 20 }

test('[UI-180] a view’s own size is what fits in the usual font, and never none', () => {
  expect(sizeThatFits({ width: 807, height: 419 }, cell)).toEqual({ cols: 100, rows: 20 })
  expect(sizeThatFits({ width: 3, height: 3 }, cell)).toEqual({ cols: 2, rows: 2 })
  expect(sizeThatFits({ width: 90_000, height: 90_000 }, cell)).toEqual({ cols: 500, rows: 300 })
})

test('[UI-180] another’s size is seen whole where that can be read, else in lines that can', () => {
  const view = { width: 800, height: 400 }
  expect(fontSizeFor({ cols: 100, rows: 20 }, view, cell)).toBe(13)
  expect(fontSizeFor({ cols: 40, rows: 10 }, view, cell)).toBe(13)
  expect(fontSizeFor({ cols: 125, rows: 20 }, view, cell)).toBe(10)
  expect(fontSizeFor({ cols: 100, rows: 30 }, view, cell)).toBe(8.5)
  // Far too high: its lines fill the width, and it is scrolled.
  expect(fontSizeFor({ cols: 100, rows: 90 }, view, cell)).toBe(13)
  expect(fontSizeFor({ cols: 125, rows: 90 }, view, cell)).toBe(10)
  expect(fontSizeFor({ cols: 400, rows: 90 }, view, cell)).toBe(8)
})
