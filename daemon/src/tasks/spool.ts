import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Log } from '@tandem/shared'
import type { Spool } from './output.ts'

type SpoolOptions = { file: string; log: Log; headBytes?: number; tailBytes?: number }
const megabyte = 1_048_576

/**
 * Appends the whole output of an attempt to a file, from which it is kept for later. Writing is waited for, so that a
 * command cannot produce faster than the disk takes it. A disk that fails costs the spool, not the task.
 */
export async function openSpool({ file, log }: SpoolOptions): Promise<Spool> {
  await mkdir(dirname(file), { recursive: true })
  const handle = await open(file, 'w', 0o600)
  let broken = false
  let queue: Promise<void> = Promise.resolve()
  const append = (bytes: Uint8Array): Promise<void> =>
    (queue = queue.then(async () => {
      if (broken) return
      try {
        await handle.appendFile(bytes)
      } catch (e) {
        broken = true
        log.error('task output cannot be spooled', { file, error: e })
      }
    }))
  return {
    append,
    close: async () => {
      await queue
      await handle.close()
    },
  }
}

/**
 * What is kept of a spooled output (S137): all of it up to 10 MB, of a longer one the first 2 MB and the last 8 MB with
 * a neutral line between.
 */
export async function readKept({
  file,
  headBytes = 2 * megabyte,
  tailBytes = 8 * megabyte,
}: Omit<SpoolOptions, 'log'>): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const part = async (start: number, length: number) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start)
      return buffer.subarray(0, bytesRead)
    }
    if (size <= headBytes + tailBytes) return await part(0, size)
    const left = ((size - headBytes - tailBytes) / megabyte).toFixed(1)
    return Buffer.concat([
      await part(0, headBytes),
      Buffer.from(`\n… ${left} MB left out here …\n`),
      await part(size - tailBytes, tailBytes),
    ])
  } finally {
    await handle.close()
  }
}
