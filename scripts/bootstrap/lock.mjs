import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
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
  const release = () => read(path) === String(process.pid) && rmSync(path, { force: true })
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
  const holder = read(path)
  if (holder !== undefined && !lives(holder)) takeAway(path, holder) // it was killed
  return false
}

/** Removes the lock of a holder that is dead, unless another did so first and has put its own in the place. */
export function takeAway(path, holder) {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  if (read(aside) !== holder) {
    try {
      linkSync(aside, path)
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
  }
  rmSync(aside, { force: true })
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function lives(holder) {
  const pid = Number(holder)
  if (!(pid > 0)) return true // an empty file is one just being written
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}
