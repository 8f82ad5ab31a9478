import { expect, test } from 'vitest'
import { TandemError, errorTable, isTandemError } from './errors.ts'
import { createLog } from './log.ts'

test('an error says its reason first and its facts behind it', () => {
  const e = new TandemError('port-busy', { reason: 'port 4310 is in use', port: 4310 })
  expect(e.message).toBe('port 4310 is in use (port 4310)')
  expect(isTandemError(e, 'port-busy')).toBe(true)
  expect(isTandemError(new Error('x'))).toBe(false)
})

test('[S89] every close code in the table is one a server may send', () => {
  const codes = Object.values(errorTable).flatMap((e) => ('close' in e ? e.close : []))
  expect(codes.every((c) => [1000, 1001, 1002, 1009, 1011].includes(c) || (c >= 4000 && c < 5000))).toBe(true)
})

test('a log line is JSON with a fixed phrase, its fields, and errors in words', () => {
  const lines: string[] = []
  const log = createLog({ now: () => 0, write: (line) => lines.push(line) }).with({ part: 'mirror' })
  log.debug('too quiet to be heard')
  log.warn('export failed', { path: 'a', error: new TandemError('disk-full') })
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    at: '1970-01-01T00:00:00.000Z',
    level: 'warn',
    msg: 'export failed',
    part: 'mirror',
    error: { message: 'disk full', code: 'disk-full' },
  })
})
