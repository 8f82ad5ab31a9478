import { appendFile, open, readdir } from 'node:fs/promises'
import path from 'node:path'

/**
 * What a crash of the machine may leave behind the last synced byte of LevelDB's newest log: noise, zeros of a file
 * that had grown already, or the beginning of a record that never got all of its bytes. Nothing that was synced goes.
 */
export async function tearTail(storeDir: string, random: () => number): Promise<boolean> {
  const logs = (await readdir(storeDir)).filter((name) => name.endsWith('.log')).toSorted()
  const newest = logs.at(-1)
  if (newest === undefined) return false
  const file = path.join(storeDir, newest)
  const dice = random()
  const length = 1 + Math.floor(random() * 3_000)
  if (dice < 0.4)
    await appendFile(
      file,
      Uint8Array.from({ length }, () => Math.floor(random() * 256)),
    )
  else if (dice < 0.6) await appendFile(file, new Uint8Array(length))
  else await appendFile(file, await partOfFirstRecord(file))
  return true
}

/** A record's header (checksum, length, kind) and only half of what it announces. */
async function partOfFirstRecord(file: string): Promise<Uint8Array> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4_096), 0, 4_096, 0)
    const announced = bytesRead >= 7 ? buffer.readUInt16LE(4) : 0
    return new Uint8Array(buffer.subarray(0, Math.min(bytesRead, 7 + Math.floor(announced / 2))))
  } finally {
    await handle.close()
  }
}
