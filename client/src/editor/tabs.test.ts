import { createId } from '@tandem/shared'
import { expect, test } from 'vitest'
import { closeTab, keepTab, noTabs, openTab, parseTabs } from './tabs.ts'

const [a, b, c] = [createId(), createId(), createId()] as [string, string, string]

test('[S193] a look is replaced by the next look; what was edited stays', () => {
  let tabs = openTab(openTab(noTabs, a, false), b, false)
  expect(tabs).toEqual({ open: [{ id: b, keep: false }], current: b })
  tabs = openTab(keepTab(tabs, b), c, false)
  expect(tabs.open.map((t) => t.id)).toEqual([b, c])
  expect(openTab(tabs, c, true).open[1]).toEqual({ id: c, keep: true })
})

test('[S193] a new tab opens beside the current one, and closing shows a neighbour', () => {
  let tabs = openTab(openTab(openTab(noTabs, a, true), b, true), a, true)
  tabs = openTab(tabs, c, true)
  expect(tabs.open.map((t) => t.id)).toEqual([a, c, b])
  expect(closeTab(tabs, c).current).toBe(b)
  expect(closeTab(closeTab(closeTab(tabs, c), b), a)).toEqual(noTabs)
})

test('[S193] tabs of an earlier visit come back, nonsense does not', () => {
  expect(parseTabs({ open: [{ id: a, keep: true }, 7], current: b })).toEqual({
    open: [{ id: a, keep: true }],
    current: a,
  })
  expect(parseTabs('x')).toBeUndefined()
})
