import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineBlame, partsByLine, type Run } from './blame-lines.ts'

/** Texts of three writers, who have two client ids each: 1 and 11 are one person. */
const personOf = (client: number) => client % 10
const aRun = fc.record({
  client: fc.constantFrom(1, 2, 3, 11, 12, 13),
  text: fc.string({ unit: fc.constantFrom('a', ' ', '\n', '🌱', 'é'), minLength: 1, maxLength: 12 }),
})
/** As Yjs numbers them: each client's characters one after the other. */
const runs = fc.array(aRun, { maxLength: 30 }).map((runs): Run[] => {
  const clocks = new Map<number, number>()
  return runs.map(({ client, text }) => {
    const clock = clocks.get(client) ?? 0
    clocks.set(client, clock + text.length)
    return { client, clock, text }
  })
})

/** The same by the plainest means: every character with its writer, line by line, counted. */
function naive(runs: readonly Run[]) {
  const units = runs.flatMap(({ client, clock, text }) =>
    text.split('').map((unit, i) => ({ unit, client, clock: clock + i })),
  )
  const lines: (typeof units)[] = [[]]
  for (const unit of units) {
    lines.at(-1)?.push(unit)
    if (unit.unit === '\n') lines.push([])
  }
  if (lines.at(-1)?.length === 0) lines.pop()
  return lines.map((line) => {
    const counted = line.length > 1 ? line.filter(({ unit }) => unit !== '\n') : line
    const people = [...new Set(counted.map(({ client }) => personOf(client)))]
    const count = (person: number) => counted.filter(({ client }) => personOf(client) === person).length
    const sorted = people.toSorted((a, b) => count(b) - count(a))
    return {
      main: sorted[0],
      others: sorted.slice(1),
      characters: counted
        .filter(({ client }) => personOf(client) === sorted[0])
        .map(({ client, clock }) => `${client}:${clock}`),
    }
  })
}

test('[UI-72] a line is theirs who wrote most of its characters, whatever was written in what pieces', () => {
  fc.assert(
    fc.property(runs, (runs) => {
      const found = partsByLine(runs).map((parts) => {
        const blame = lineBlame(parts, personOf)
        return {
          main: blame?.main,
          others: blame?.others,
          characters: blame?.parts.flatMap(({ client, clock, length }) =>
            Array.from({ length }, (_, i) => `${client}:${clock + i}`),
          ),
        }
      })
      expect(found).toEqual(naive(runs))
    }),
  )
})

test('[UI-72] an empty line is theirs who made it; breaking a line makes neither half one’s own', () => {
  const runs = [
    { client: 1, clock: 0, text: 'one' },
    { client: 2, clock: 0, text: '\n\n' },
    { client: 1, clock: 3, text: 'two' },
  ]
  expect(partsByLine(runs).map((parts) => lineBlame(parts, personOf)?.main)).toEqual([1, 2, 1])
})
