import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Identity } from './identity.ts'
import { findToolchains } from './toolchains.ts'

const root: Identity = { uid: 0, gid: 0, isRoot: true, drop: false }
let base: string
beforeEach(() => void (base = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-tools-')))))
afterEach(() => rmSync(base, { recursive: true }))

const make = (path: string) => {
  mkdirSync(dirname(join(base, path)), { recursive: true })
  writeFileSync(join(base, path), '', { mode: 0o755 })
  return join(base, path)
}
const find = (path: string[], identity = root) =>
  findToolchains({
    path: path.map((p) => (p.startsWith('/') ? p : join(base, p))).join(':'),
    home: join(base, 'home'),
    workspace: join(base, 'home/project'),
    node: make('node/bin/node'),
    identity,
  })
const under = (folders: readonly string[]) => folders.map((folder) => folder.slice(base.length + 1))

test('of an installation, bin and its libraries are bound, never its whole prefix', () => {
  make('home/tools/bin/thing')
  make('home/tools/lib/x')
  make('home/tools/secrets')
  const { folders, path } = find(['home/tools/bin', '/usr/bin'])
  expect(under(folders)).toEqual(['home/tools/bin', 'home/tools/lib', 'node/bin'])
  expect(path).toEqual([join(base, 'home/tools/bin'), '/usr/bin', '/usr/local/bin', '/bin', join(base, 'node/bin')])
})

test('[SBX-210] what lies beside a bin folder of one’s own stays unseen: sources are bound of Go alone', () => {
  for (const file of ['home/bin/x', 'home/src/other/secret', 'home/lib/x', 'home/own/bin/x', 'home/own/src/secret'])
    make(file)
  for (const file of ['go/bin/go', 'go/src/fmt.go', 'go/pkg/x']) make(file)
  const { folders } = find(['home/bin', 'home/own/bin', 'go/bin'])
  expect(under(folders)).toEqual(['go/bin', 'go/pkg', 'go/src', 'home/bin', 'home/own/bin', 'node/bin'])
})

test('a link is followed to the package it belongs to', () => {
  make('store/node_modules/pnpm/bin/pnpm.cjs')
  make('home/bin/other')
  symlinkSync(join(base, 'store/node_modules/pnpm/bin/pnpm.cjs'), join(base, 'home/bin/pnpm'))
  expect(under(find(['home/bin']).folders)).toEqual(['home/bin', 'node/bin', 'store/node_modules'])
})

test('version managers are bound whole, and told where they are', () => {
  make('home/.pyenv/shims/python3')
  make('home/.pyenv/versions/3/bin/python3')
  const { folders, environment } = find(['home/.pyenv/shims'])
  expect(under(folders)).toEqual(['home/.pyenv', 'node/bin'])
  expect(environment).toEqual({ PYENV_ROOT: join(base, 'home/.pyenv') })
})

test('of cargo, its tools are bound and its tokens are not', () => {
  make('home/.cargo/bin/cargo')
  make('home/.cargo/credentials.toml')
  make('home/.rustup/toolchains/x')
  const { folders, environment } = find(['home/.cargo/bin'])
  expect(under(folders)).toEqual(['home/.cargo/bin', 'home/.rustup', 'node/bin'])
  expect(environment).toEqual({ RUSTUP_HOME: join(base, 'home/.rustup') })
})

test('neither the home, nor what holds or lies in the workspace, is ever bound', () => {
  make('home/x')
  make('home/project/bin/x')
  const { folders, path } = find(['home', '/', 'home/project', 'home/project/bin', 'nowhere', '.', ''])
  expect(under(folders)).toEqual(['node/bin'])
  expect(path).not.toContain(join(base, 'home'))
  // What lies in the workspace is visible anyway.
  expect(path).toContain(join(base, 'home/project/bin'))
})

test('what the user of the command may not enter is left out', () => {
  make('home/tools/bin/thing')
  chmodSync(join(base, 'home'), 0o700)
  chmodSync(base, 0o755)
  const other: Identity = { uid: 54_321, gid: 54_321, isRoot: false, drop: true }
  expect(under(find(['home/tools/bin'], other).folders)).toEqual(['node/bin'])
})
