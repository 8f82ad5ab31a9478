import fc from 'fast-check'
import { expect, test } from 'vitest'
import { reconcile } from './reconcile.ts'

const lines = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 })
  .map((l) => l.map((x) => x + '\n').join(''))
const sides = fc.record({
  base: fc.option(lines, { nil: undefined }),
  disk: lines,
  remote: lines,
  remoteHasBase: fc.boolean(),
})

for (const seed of [11, Date.now() % 2 ** 31]) {
  test(`disk and document always end with the same text, and what is replaced was put aside (seed ${seed})`, () => {
    fc.assert(
      fc.property(sides, (s) => {
        const plan = reconcile(s)
        expect(plan.edit ?? s.remote).toBe(plan.write ?? s.disk)
        if (plan.edit === undefined && plan.write === undefined) expect(s.disk).toBe(s.remote)
        // Whatever is not in the result was the base, empty, or is kept.
        const result = plan.write ?? s.disk
        if (s.base === undefined && s.disk !== '' && s.disk !== result) expect(plan.keep).toBe('disk')
      }),
      { seed, numRuns: 2000 },
    )
  })
}

test('[MIR-6] nothing changed: nothing to do', () => {
  expect(reconcile({ base: 'a\n', disk: 'a\n', remote: 'a\n', remoteHasBase: true })).toEqual({ conflicts: 0 })
})
test('[MIR-5] both became the same: nothing to do but remember', () => {
  expect(reconcile({ base: 'a\n', disk: 'b\n', remote: 'b\n', remoteHasBase: true })).toEqual({ conflicts: 0 })
})
test('[MIR-1] only the disk changed: the document gets it', () => {
  expect(reconcile({ base: 'a\n', disk: 'b\n', remote: 'a\n', remoteHasBase: true })).toEqual({
    edit: 'b\n',
    conflicts: 0,
  })
})
test('[MIR-2] only the document changed: the disk gets it', () => {
  expect(reconcile({ base: 'a\n', disk: 'a\n', remote: 'b\n', remoteHasBase: true })).toEqual({
    write: 'b\n',
    conflicts: 0,
  })
})
test('[MIR-14] both changed: both get the merge', () => {
  const plan = reconcile({ base: 'a\nb\n', disk: 'A\nb\n', remote: 'a\nb\nc\n', remoteHasBase: true })
  expect(plan).toEqual({ edit: 'A\nb\nc\n', write: 'A\nb\nc\n', conflicts: 0 })
})
test('[MIR-18] strangers at one path: the shared text stays, the disk’s is put aside', () => {
  expect(reconcile({ base: undefined, disk: 'a\n', remote: 'b\n', remoteHasBase: true })).toEqual({
    write: 'b\n',
    conflicts: 1,
    keep: 'disk',
  })
})
test('[MIR-61] a server restored from a backup gets back what it lost, and keeps what was written there since', () => {
  expect(reconcile({ base: 'a\nb\n', disk: 'a\nb\n', remote: 'a\n', remoteHasBase: false })).toEqual({
    edit: 'a\nb\n',
    conflicts: 0,
  })
  expect(
    reconcile({ base: '1\na\nb\n2\n', disk: '1\na\nb\n2 disk\n', remote: 'new\n1\na\n2\n', remoteHasBase: false }),
  ).toEqual({ edit: 'new\n1\na\nb\n2 disk\n', write: 'new\n1\na\nb\n2 disk\n', conflicts: 0 })
})
