import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@tandem/shared/testing'
import { expect, onTestFinished, test } from 'vitest'
import { lockFolder } from './lock.ts'
import { openRoot } from './write.ts'

const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-lock-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
const leave = (folder: string, holder: unknown) => writeFileSync(join(folder, '.tandem/lock'), JSON.stringify(holder))

test('[MIR-24] a second daemon of a folder is refused, with a sentence, until the first has gone', async () => {
  const folder = newFolder()
  const unlock = await lockFolder(folder)
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'folder-served' })
  await expect(lockFolder(folder)).rejects.toThrow('another Tandem serves this folder already')
  await unlock()
  await (
    await lockFolder(folder)
  )()
})

test('[MIR-24] of many at once one gets it', async () => {
  const folder = newFolder()
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)))
  expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1)
})

test('[MIR-24] the lock of a dead process, of a process number used again, or torn, is taken over', async () => {
  const folder = newFolder()
  await (
    await lockFolder(folder)
  )()
  const dead = { pid: 2 ** 22 - 3, startedAt: '1', host: hostname(), token: 'x' }
  for (const holder of [dead, { ...dead, pid: process.ppid, startedAt: '1' }, { ...dead, pid: process.pid }, 'torn']) {
    leave(folder, holder)
    const unlock = await lockFolder(folder)
    expect(readFileSync(join(folder, '.tandem/lock'), 'utf8')).toContain(`"pid":${process.pid}`)
    await unlock()
  }
})

test('[MIR-24] [MIR-114] a copy of a folder that is served is not: the lock in it is of the other', async () => {
  const folder = newFolder()
  const unlock = await lockFolder(folder)
  const copy = newFolder()
  cpSync(folder, copy, { recursive: true })
  const unlockCopy = await lockFolder(copy)
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'folder-served' })
  await expect(lockFolder(copy)).rejects.toMatchObject({ code: 'folder-served' })
  await unlockCopy()
  await unlock()
})

test('[MIR-24] a daemon on another machine holds the lock while it touches it', async () => {
  const folder = newFolder()
  await (
    await lockFolder(folder)
  )()
  leave(folder, { pid: 1, startedAt: '', host: 'elsewhere', token: 'x' })
  const clock = fakeClock(Date.now())
  await expect(lockFolder(folder, clock)).rejects.toMatchObject({ code: 'folder-served' })
  clock.advance(120_000)
  await (
    await lockFolder(folder, clock)
  )()
})

test('nothing of ours is anybody’s to commit', async () => {
  const folder = newFolder()
  const unlock = await lockFolder(folder)
  expect(readFileSync(join(folder, '.tandem/.gitignore'), 'utf8')).toBe('*\n')
  await unlock()
})

test.each(['.tandem', '.tandem/tmp', '.tandem/trash', '.tandem/conflicts'])(
  '[MIR-65] a clone in which %s is a link is not served, and nothing is written where it leads',
  async (name) => {
    const [folder, outside] = [newFolder(), newFolder()]
    if (name !== '.tandem') mkdirSync(join(folder, '.tandem'))
    symlinkSync(outside, join(folder, name))
    const open = async () => {
      const unlock = await lockFolder(folder)
      try {
        await openRoot(folder)
      } finally {
        await unlock()
      }
    }
    await expect(open()).rejects.toMatchObject({ code: 'folder-unreadable' })
    await expect(open()).rejects.toThrow(`${name} is a link`)
    expect(readdirSync(outside)).toEqual([])
  },
)

test.each(['.gitignore', 'lock'])(
  '[MIR-65] nothing is written through a link that a clone has as .tandem/%s',
  async (name) => {
    const [folder, outside] = [newFolder(), newFolder()]
    writeFileSync(join(outside, 'profile'), 'mine')
    mkdirSync(join(folder, '.tandem'))
    symlinkSync(join(outside, 'profile'), join(folder, '.tandem', name))
    await (
      await lockFolder(folder)
    )()
    expect(readFileSync(join(outside, 'profile'), 'utf8')).toBe('mine')
    rmSync(join(folder, '.tandem', name), { force: true })
    symlinkSync(join(outside, 'nothing'), join(folder, '.tandem', name))
    await (
      await lockFolder(folder)
    )()
    expect(existsSync(join(outside, 'nothing'))).toBe(false)
  },
)

test('[MIR-135] a lock that leads to what never ends keeps nobody from starting', async () => {
  const [folder, outside] = [newFolder(), newFolder()]
  execFileSync('mkfifo', [join(outside, 'pipe')])
  mkdirSync(join(folder, '.tandem'))
  symlinkSync(join(outside, 'pipe'), join(folder, '.tandem/lock'))
  await (
    await lockFolder(folder)
  )()
})
