import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderMark } from '@tandem/daemon/folder-mark'
import { testServer } from '@tandem/server/test-server'
import { readSettings } from '@tandem/shared'
import { expect, test } from 'vitest'
import { ownDataDirOf } from './folder.ts'
import { dataDirInUse, findRunning, noteRunning, ownDirBeside } from './running.ts'
import { status } from './status.ts'
import { openTaskServer } from './task-server.ts'
import { tempPlace } from './test-task.ts'

/** A folder, and a place for its data that somebody chose. */
function elsewhere(home = tempPlace()) {
  const [folder, data] = [join(home, 'plans'), join(home, 'chosen')]
  for (const dir of [folder, data]) mkdirSync(dir)
  return { folder, data, machine: { env: {}, home, isTTY: false } }
}
const about = async ({ folder, machine }: ReturnType<typeof elsewhere>, flags = {}) => {
  const told: string[] = []
  const say = { out: (text: string) => told.push(text), err: () => {}, progress: () => {} }
  const code = await status({ folder, settings: readSettings({ flags }), machine, say })
  return { code, told }
}

test('[TSK-233] a folder that is served with its data elsewhere is found as any other', async () => {
  const server = await testServer()
  const { folder, data, machine } = elsewhere()
  writeFileSync(join(data, 'owner.key'), server.ownerKey)
  const running = { pid: process.pid, url: `${server.url}/#token=x`, apiUrl: server.url, folder, startedAt: 0 }
  const own = ownDirBeside(folder, data, machine)
  const forget = noteRunning(data, running, own)
  const inside = join(folder, 'a')
  mkdirSync(inside)
  const found = await openTaskServer({ settings: readSettings({}), machine }, inside)
  expect(found).toMatchObject({ page: server.url, here: 'a' })
  expect((await found.call('')).status).toBe(200)
  await found.close()
  const { code, told } = await about({ folder, data, machine })
  expect({ code, told }).toMatchObject({ code: 0, told: [expect.stringContaining('is served at'), expect.anything()] })
  expect(dataDirInUse(folder, undefined, machine)).toBe(data)
  // The address holds the owner's key, and stays where its owner put it.
  expect(readFileSync(join(own ?? '', 'running.json'), 'utf8')).not.toContain('token')

  noteRunning(data, { ...running, pid: process.ppid })
  expect(findRunning(own ?? '')).toBeUndefined()
  noteRunning(data, running)
  forget()
  expect(existsSync(own ?? '')).toBe(false)
})

test('[TSK-233] nothing is noted inside the folder that is shared', () => {
  const { folder, data } = elsewhere()
  const machine = { env: { XDG_DATA_HOME: folder }, home: folder, isTTY: false }
  expect(ownDirBeside(folder, data, machine)).toBeUndefined()
  expect(existsSync(ownDataDirOf(folder, machine))).toBe(false)
  // Where nobody named another place there is none beside it.
  expect(ownDirBeside(folder, undefined, machine)).toBeUndefined()
})

test('[TSK-233] where a folder is not found, what is to be named is said', async () => {
  const place = elsewhere()
  const { folder, data, machine } = place
  const failureOf = (flags: Record<string, string>) =>
    openTaskServer({ settings: readSettings({ flags }), machine }, folder).catch((e: { failure: unknown }) => e.failure)
  expect(await failureOf({})).toMatchObject({
    message: 'no folder is served here',
    hint: expect.stringContaining('--data or TANDEM_DATA'),
  })
  expect(await failureOf({ data })).toMatchObject({ message: `nothing is served with its data in ${data}` })
  expect((await about(place)).told).toEqual([`${folder} is not served. Start with: npm start -- ${folder}`])
  mkdirSync(join(folder, '.tandem'))
  const lock = { pid: process.pid, folder: folderMark(realpathSync(folder)) }
  writeFileSync(join(folder, '.tandem', 'lock'), JSON.stringify(lock))
  const { code, told } = await about(place)
  expect({ code, told }).toEqual({ code: 1, told: [expect.stringContaining('with --data DIR or TANDEM_DATA')] })
  const { told: json } = await about(place, { json: true })
  expect(JSON.parse(json[0] ?? '')).toMatchObject({ running: true, ready: false, pid: process.pid })
})
