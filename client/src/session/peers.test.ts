import { createId } from '@tandem/shared'
import { expect, test } from 'vitest'
import { assignHues } from './peers.ts'

const person = (name: string) => ({ id: createId(), name, kind: 'human' }) as const

test('[UI-47] up to four people never share a hue, and everyone sees the same', () => {
  const people = ['Mira', 'Jo', 'Ada', 'Lin'].map(person)
  const hueOf = assignHues(people)
  expect(new Set(people.map(hueOf)).size).toBe(4)
  const elsewhere = assignHues(people.toReversed())
  expect(people.map(elsewhere)).toEqual(people.map(hueOf))
})

test('[UI-47] people and agents have hues of their own', () => {
  const agent = { id: createId(), name: 'Agent', kind: 'agent' } as const
  const mira = person('Mira')
  expect(assignHues([mira, agent])(mira)).toBe(assignHues([mira])(mira))
})
