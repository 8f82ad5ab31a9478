import { chmodSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { codeCache } from './code-cache.ts'

function tempHome() {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-home-')))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  return { home, machine: { env: {}, home, isTTY: false } }
}

test('[OPS-60] compiled code is kept in the person’s cache folder, for them alone', () => {
  const { home, machine } = tempHome()
  const dir = join(home, '.cache/tandem/code')
  expect(codeCache('/work', machine)).toEqual({ NODE_COMPILE_CACHE: dir })
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  chmodSync(dir, 0o770)
  expect(codeCache('/work', machine)).toEqual({})
})

test('[OPS-60] it is kept nowhere that tasks can write, nor asked for where there is no place for it', () => {
  const { home, machine } = tempHome()
  expect(codeCache(home, machine)).toEqual({})
  expect(codeCache(join(home, '.cache'), machine)).toEqual({})
  symlinkSync(home, join(home, 'link'))
  expect(codeCache(home, { ...machine, env: { XDG_CACHE_HOME: join(home, 'link') } })).toEqual({})
  expect(codeCache(`${home}/.cache/tandem/cod`, machine)).toHaveProperty('NODE_COMPILE_CACHE')
  expect(codeCache(undefined, { ...machine, home: '/dev/null' })).toEqual({})
})

test('[OPS-60] it is kept nowhere that others could put another folder in its place', () => {
  const { home, machine } = tempHome()
  const base = join(home, '.cache/tandem')
  expect(codeCache(undefined, machine)).toHaveProperty('NODE_COMPILE_CACHE')
  chmodSync(base, 0o777)
  expect(codeCache(undefined, machine)).toEqual({})
  chmodSync(base, 0o700)
  chmodSync(home, 0o770)
  expect(codeCache(undefined, machine)).toEqual({})
  // As /tmp is: what is in it can be renamed by its owner alone.
  chmodSync(home, 0o1777)
  expect(codeCache(undefined, machine)).toHaveProperty('NODE_COMPILE_CACHE')
})
