import { createId, type Author } from '@tandem/shared'
import { expect, test } from 'vitest'
import { createAuthorHues } from './author-hues.ts'
import { createState } from './state.ts'

const person = (name: string): Author => ({ id: createId(), name, kind: 'person' })

test('[UI-70] who is here has the hue of their presence, and nobody else of their kind shares it while one is left', () => {
  const [me, mira, gone, older] = ['me', 'mira', 'gone', 'older'].map(person) as [Author, Author, Author, Author]
  const here = createState({
    peers: [{ user: { id: mira.id, name: 'Mira', kind: 'human' as const, hue: 0 }, hue: 2 }],
    own: 1,
  })
  const hueOf = createAuthorHues(here, () => me.id)
  expect([hueOf(me), hueOf(mira)]).toEqual([1, 2])
  expect(new Set([me, mira, gone, older].map(hueOf)).size).toBe(4)
  expect(hueOf(gone)).toBe(hueOf(gone))
  here.set({ peers: [], own: 1 })
  expect(hueOf(mira)).toBe(2)
  // An agent has hues of its own.
  expect(hueOf({ id: mira.id, name: 'Helper', kind: 'agent' })).toBeLessThan(4)
})
