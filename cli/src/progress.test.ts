import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { progressLine } from './progress.ts'
import { toTerminal } from './say.ts'

test('[OPS-40] the progress of the first mirror is one line that never wraps', () => {
  const told = { phase: 'seeding', done: 3_200, total: 10_000, bytes: { done: 1_500_000, total: 48_000_000 } }
  expect(progressLine(told, 100)).toBe(
    '[#########---------------------] Sharing the files, 3,200 of 10,000 files, 1.5 of 48 MB',
  )
  for (let columns = 0; columns < 120; columns++)
    expect(progressLine(told, columns).length).toBeLessThanOrEqual(Math.max(0, columns - 1))
  expect(progressLine({ phase: 'scanning' }, 80)).toBe('Reading the folder')
  const left = { phase: 'seeding', done: 10, total: 10, bytes: { done: 1, total: 2 } }
  expect(progressLine(left, 100)).toContain('[###############---------------]')
  expect(progressLine({ phase: 'exporting', done: 12, total: 10 }, 80)).toContain('[##############################]')
  expect(progressLine({ phase: 'halted' }, 80)).toBe('Stopped: the page says why')
  expect(progressLine({ phase: 'a later one' }, 80)).toBe('Starting')
})

const terminal = (isTTY: boolean) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const err: string[] = []
  stderr.on('data', (piece: Buffer) => err.push(piece.toString()))
  stdout.resume()
  const say = toTerminal({ stdout, stderr: Object.assign(stderr, { isTTY, columns: 20 }) })
  return { say, err }
}

test('[OPS-40] the line is drawn anew in its place, and gone before anything else is said', () => {
  const { say, err } = terminal(true)
  say.progress((columns) => `${columns} wide`)
  say.progress(() => 'more')
  say.out('ready')
  say.err('and a word')
  expect(err).toEqual(['\r\x1b[K20 wide', '\r\x1b[Kmore', '\r\x1b[K', 'and a word\n'])
})

test('[OPS-40] where nobody watches there is no progress line', () => {
  const { say, err } = terminal(false)
  say.progress(() => 'half')
  say.err('a word')
  expect(err).toEqual(['a word\n'])
})
