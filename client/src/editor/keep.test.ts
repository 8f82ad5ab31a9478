import { createId } from '@tandem/shared'
import { FileFacts, type FileEntry, type MirrorConflict } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { blobsOf, keepPlan } from './keep-plan.ts'
import { keepSide } from './keep-side.ts'

const blob = (n: number) => ({ blob: String(n).repeat(64), size: n })
const [disk, remote, merged] = [blob(1), blob(2), blob(3)]
const conflict = (kind: MirrorConflict['kind'], sides: MirrorConflict['sides']): MirrorConflict => ({
  id: createId(),
  kind,
  path: 'a',
  at: 1,
  record: '.tandem/conflicts/x',
  sides,
})
const entry = (kind: FileEntry['kind'], facts: object = {}): FileEntry => ({
  id: createId(),
  path: 'a',
  kind,
  facts: FileFacts.parse({ size: 9, ...facts }),
})

test('[UI-132] to keep one side of a text keeps what was typed since', () => {
  const both = 'a\nx shared\nx disk\nb\n'
  expect(keepSide(both, 'a\nx disk\nb\n', both + 'typed\n')).toEqual({ text: 'a\nx disk\nb\ntyped\n', conflicts: 0 })
  expect(keepSide(both, 'a\nx shared\nb\n', 'typed\n' + both).text).toBe('typed\na\nx shared\nb\n')
})

test('[UI-132] lines that were changed since are there beside those of the side that is kept', () => {
  const { text, conflicts } = keepSide('a\nx\nb\n', 'a\nx disk\nb\n', 'a\nx typed\nb\n')
  expect([text, conflicts]).toEqual(['a\nx typed\nx disk\nb\n', 1])
})

test('[UI-132] of lines that both changed either side is an edit, from what was made of them then', () => {
  for (const [side, chosen] of [
    ['disk', disk],
    ['remote', remote],
  ] as const) {
    const plan = keepPlan(conflict('lines', { disk, remote, merged }), side, entry('text'), 'laptop')
    expect(plan).toEqual({ is: 'edit', chosen, before: merged })
    expect(blobsOf(plan)).toEqual([chosen, merged])
  }
})

test('[UI-132] where the shared version is in place, to keep it only settles the conflict', () => {
  for (const kind of ['unrelated', 'blob', 'replaced'] as const)
    expect(keepPlan(conflict(kind, {}), 'remote', entry('blob'), 'laptop')).toEqual({ is: 'settle' })
  expect(keepPlan(conflict('unrelated', { disk, remote }), 'disk', entry('text'), 'laptop')).toEqual({
    is: 'edit',
    chosen: disk,
    before: remote,
  })
})

test('[UI-132] a blob is kept by what its file’s facts name', () => {
  const file = entry('blob', { blob: remote.blob, exec: true, withheld: 'too large' })
  expect(keepPlan(conflict('blob', { disk, remote }), 'disk', file, 'laptop')).toEqual({
    is: 'facts',
    facts: { size: 1, blob: disk.blob, exec: true, eol: 'lf', bom: false },
  })
})

test('[UI-132] a version that is not on the server, or has no place, says where it lies', () => {
  const why = (kind: MirrorConflict['kind'], sides: MirrorConflict['sides'], file: FileEntry) => {
    const plan = keepPlan(conflict(kind, sides), 'disk', file, 'laptop')
    return plan.is === 'no' ? plan.why : plan.is
  }
  expect(why('unrelated', {}, entry('text'))).toBe(
    'That version is not on the server. It is in the folder on laptop: .tandem/conflicts/x.disk',
  )
  expect(why('lines', { disk }, entry('text'))).toMatch(/x\.merged$/)
  expect(why('replaced', { disk }, entry('dir'))).toMatch(/^Only a person at laptop.*x\.disk$/)
})
