import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { say } from './say.mjs'

/** Lets one bootstrap of this checkout work at a time; a second waits, and then mostly finds everything done. */
export async function holdingLock(root, work) {
  const path = join(root, '.toolchain', 'lock')
  mkdirSync(join(root, '.toolchain'), { recursive: true })
  for (let waited = false; !take(path); waited = true) {
    if (!waited) say('Waiting for another Tandem to finish its set-up in this folder ...')
    await delay(300)
  }
  const release = () => rmSync(path, { force: true })
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
  }
}

function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
  if (!holderLives(path)) rmSync(path, { force: true }) // its holder was killed
  return false
}

function holderLives(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    if (pid > 0) process.kill(pid, 0)
    return true // an empty file is one just being written
  } catch (error) {
    return error.code === 'EPERM'
  }
}
