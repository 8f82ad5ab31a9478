import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderMark } from '@tandem/daemon/folder-mark'
import { systemClock } from '@tandem/shared'
import { afterAll, expect, test } from 'vitest'
import { checkFolder, checkSpace, dataDirOf, ownerKey } from './folder.ts'
import { forPeople } from './log-file.ts'
import { makePlayground } from './playground.ts'
import { playgroundFiles } from './playground-files.ts'
import { hasScreen, sshLine } from './reach.ts'
import { checkNotServed, findRunning, noteRunning } from './running.ts'
import { failureOf, sentenceOf } from './say.ts'

const temps: string[] = []
const temp = () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-cli-')))
  temps.push(folder)
  return folder
}
afterAll(() => temps.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

const machine = { env: {}, home: '/home/mira', isTTY: false }
const sentence = (call: () => unknown): string => {
  try {
    call()
  } catch (e) {
    return sentenceOf(failureOf(e))
  }
  return 'nothing was thrown'
}

test('[OPS-11] a folder that cannot be served is refused with one clear sentence', () => {
  const dir = temp()
  writeFileSync(join(dir, 'file'), '')
  const hint = 'Check that the folder exists and that you may read and write it.'
  expect(sentence(() => checkFolder(join(dir, 'missing')))).toBe(
    `tandem: there is no folder ${join(dir, 'missing')}. ${hint}`,
  )
  expect(sentence(() => checkFolder(join(dir, 'file')))).toBe(`tandem: ${join(dir, 'file')} is not a folder. ${hint}`)
  mkdirSync(join(dir, 'closed'))
  chmodSync(join(dir, 'closed'), 0o000)
  // For root every folder is open.
  const closed = sentence(() => checkFolder(join(dir, 'closed')))
  expect(closed).toBe(
    process.getuid?.() === 0
      ? 'nothing was thrown'
      : `tandem: ${join(dir, 'closed')} cannot be read and written by you. ${hint}`,
  )
})

test('[OPS-11] a full disk is refused before anything is started', () => {
  expect(() => checkSpace(['/'])).not.toThrow()
  expect(sentence(() => checkSpace(['/a', '/b'], (place) => (place === '/b' ? 10 * 2 ** 20 : 2 ** 40)))).toBe(
    'tandem: there is no space left on the disk of /b (10 MB free, 64 MB needed). Free some disk space.',
  )
})

test('[OPS-12] each folder has its own data, also when it is reached through a link', () => {
  const [dir, home] = [temp(), temp()]
  mkdirSync(join(dir, 'a'))
  symlinkSync(join(dir, 'a'), join(dir, 'link'))
  const at = (folder: string) => dataDirOf(checkFolder(folder), undefined, { ...machine, home })
  expect(at(join(dir, 'link'))).toBe(at(join(dir, 'a')))
  expect(at(join(dir, 'a'))).not.toBe(at(dir))
  expect(at(dir)).toMatch(new RegExp(`^${home}/\\.local/share/tandem/[0-9a-f]{12}$`))
  expect(statSync(at(dir)).mode & 0o777).toBe(0o700)
  expect(dataDirOf(dir, join(home, 'mine'), machine)).toBe(join(home, 'mine'))
})

test('[OPS-44] data inside the folder that is shared is refused, however it is reached: the owner’s key would be shared', () => {
  const [dir, elsewhere] = [checkFolder(temp()), temp()]
  expect(() => dataDirOf(dir, join(dir, 'data'), machine)).toThrow(/inside the folder that is shared/)
  expect(existsSync(join(dir, 'data'))).toBe(false)
  symlinkSync(dir, join(elsewhere, 'link'))
  expect(() => dataDirOf(dir, join(elsewhere, 'link', 'data'), machine)).toThrow(/inside the folder that is shared/)
  // A name that only begins alike is another folder.
  expect(dataDirOf(dir, `${dir}-data`, machine)).toBe(`${dir}-data`)
  rmSync(`${dir}-data`, { recursive: true })
})

test('[ACC-21] the owner’s key is made once, and readable for the owner alone', async () => {
  const dir = temp()
  const key = await ownerKey(dir)
  expect(key).toMatch(/^tdm_[0-9A-Z]{26}_/)
  expect(await ownerKey(dir)).toBe(key)
  expect(statSync(join(dir, 'owner.key')).mode & 0o777).toBe(0o600)
})

test('[OPS-13] a folder that is served already is refused, with who serves it; a dead note is not believed', async () => {
  const [folder, data] = [temp(), temp()]
  const forget = noteRunning(data, {
    pid: process.pid,
    url: 'http://127.0.0.1:4310/#token=secret',
    folder,
    startedAt: 0,
  })
  const refused = checkNotServed(folder, data)
  await expect(refused).rejects.toThrow(
    `already served by another Tandem at http://127.0.0.1:4310, process ${process.pid}`,
  )
  await expect(refused).rejects.not.toThrow('secret')
  forget()
  expect(findRunning(data)).toBeUndefined()
  noteRunning(data, { pid: 2 ** 30, folder, startedAt: 0 })
  await checkNotServed(folder, data)
})

test('[OPS-13] a daemon whose supervisor was killed is waited for, and then refused', async () => {
  const [folder, data] = [temp(), temp()]
  mkdirSync(join(folder, '.tandem'))
  writeFileSync(join(folder, '.tandem', 'lock'), JSON.stringify({ pid: process.pid }))
  let now = 0
  const clock = { ...systemClock, now: () => (now += 3_000) }
  await expect(checkNotServed(folder, data, clock)).rejects.toThrow('already served')
})

test('[OPS-13] [MIR-114] a copy of a folder that is served is not: the lock in it is of the other', async () => {
  const [folder, data] = [temp(), temp()]
  mkdirSync(join(folder, '.tandem'))
  let now = 0
  const clock = { ...systemClock, now: () => (now += 3_000) }
  const lock = (of: string) =>
    writeFileSync(join(folder, '.tandem', 'lock'), JSON.stringify({ pid: process.pid, folder: folderMark(of) }))
  lock(temp())
  await checkNotServed(folder, data, clock)
  lock(folder)
  await expect(checkNotServed(folder, data, clock)).rejects.toThrow('already served')
})

test('[OPS-14] [S200] the playground is made once, and what was changed in it stays', () => {
  const path = makePlayground(join(temp(), 'playground'))
  for (const name of Object.keys(playgroundFiles)) expect(statSync(join(path, name)).isFile()).toBe(true)
  writeFileSync(join(path, 'README.md'), 'mine')
  makePlayground(path)
  expect(statSync(join(path, 'README.md')).size).toBe(4)
})

test('[OPS-15] over ssh, or without a screen, the line that reaches it is told', () => {
  const ssh = { ...machine, env: { SSH_CONNECTION: '10.0.0.9 50000 10.0.0.2 22', DISPLAY: ':10', USER: 'mira' } }
  expect(sshLine(ssh, 4310, 'linux')).toBe('ssh -N -L 4310:127.0.0.1:4310 mira@10.0.0.2')
  const other = { ...machine, env: { SSH_CONNECTION: 'fe80::1 50000 fe80::2 2222', USER: 'mira' } }
  expect(sshLine(other, 80, 'linux')).toBe('ssh -N -L 80:127.0.0.1:80 -p 2222 mira@[fe80::2]')
  expect(sshLine({ ...machine, env: { USER: 'mira' } }, 80, 'linux')).toMatch(/^ssh -N -L 80:127.0.0.1:80 mira@/)
  expect(sshLine({ ...machine, env: { DISPLAY: ':0' } }, 80, 'linux')).toBeUndefined()
  expect(hasScreen(machine, 'darwin')).toBe(true)
})

test('[OPS-16] of the programs’ logs a person sees warnings in words, and whatever is no log line', () => {
  expect(forPeople('server', '{"level":"info","msg":"server ready"}')).toBeUndefined()
  expect(
    forPeople('daemon', '{"level":"warn","msg":"mirror path refused","reason":"a path leaves the workspace"}'),
  ).toBe('daemon: mirror path refused (a path leaves the workspace)')
  expect(forPeople('daemon', 'Error: boom')).toBe('daemon: Error: boom')
})
