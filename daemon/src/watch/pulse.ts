import { constants } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@tandem/shared'
import { openOwnFolder } from '../disk/own-folder.ts'

/** Written now and then, relative to the root: a watcher that says nothing of it is deaf. */
export const pulseFile = '.tandem/tmp/pulse'

const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants
const [everyMs, answerMs] = [15_000, 5_000]

export type Pulse = {
  /** The watcher told of the file. */
  heard(): void
  stop(): void
}

type PulseOptions = {
  root: string
  clock: Clock
  /** Whether the watcher claims to watch just now. */
  isListening: () => boolean
  onDeaf: () => void
}

/** Asks again and again for a sign of life: watchers have been seen to go silent without an error. */
export function startPulse({ root, clock, isListening, onDeaf }: PulseOptions): Pulse {
  let isHeard = false
  let isStopped = false
  let beats = 0
  let cancel = () => {}
  const after = (ms: number, call: () => void) => {
    if (!isStopped) cancel = clock.after(ms, call)
  }
  const next = () => after(everyMs, () => void beat())
  const beat = async () => {
    if (!isListening()) return next()
    isHeard = false
    try {
      await openOwnFolder(root, 'tmp')
      // A repository may bring a link of that name.
      await writeFile(join(root, pulseFile), String(beats++), { flag: O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW })
    } catch {
      // The folder is gone, or its disk is full: no fault of the watcher's.
      return next()
    }
    after(answerMs, () => {
      if (!isHeard && isListening()) onDeaf()
      next()
    })
  }
  next()
  return {
    heard: () => (isHeard = true),
    stop: () => {
      isStopped = true
      cancel()
    },
  }
}
