import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hashSources, proofStates, writeProof } from './proofs.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tandem-proofs-'))
  mkdirSync(join(root, 'server/src/store'), { recursive: true })
  writeFileSync(join(root, 'server/src/store/level.ts'), 'one')
  writeFileSync(join(root, 'server/src/kill-nine.long.ts'), '')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const covers = ['server/src/store/**/*.ts']
const prove = () =>
  writeProof(root, {
    name: 'kill-nine',
    covers,
    sourcesHash: hashSources(root, covers),
    seed: 7,
    counts: { kills: 100 },
    durationMs: 5,
    at: '2026-11-21T12:00:00.000Z',
  })

test('a long suite that never ran is shown as such', () => {
  expect(proofStates(root)).toEqual([{ name: 'kill-nine', state: 'never run' }])
})

test('a proof is current until one of the sources it covers changes', () => {
  prove()
  expect(proofStates(root)).toEqual([{ name: 'kill-nine', state: 'current (2026-11-21, seed 7)' }])
  writeFileSync(join(root, 'server/src/other.ts'), 'not covered')
  expect(proofStates(root)[0]?.state).toMatch(/^current/)
  writeFileSync(join(root, 'server/src/store/level.ts'), 'two')
  expect(proofStates(root)[0]?.state).toMatch(/^STALE/)
})

test('a new file among the covered ones makes it stale too', () => {
  prove()
  writeFileSync(join(root, 'server/src/store/postgres.ts'), '')
  expect(proofStates(root)[0]?.state).toMatch(/^STALE/)
})
