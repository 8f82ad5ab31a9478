import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { TandemError } from '@tandem/shared'

/** LevelDB's log: blocks, and in them records with a checksum (4 bytes), a length (2) and a kind (1) before the data. */
const [blockBytes, headerBytes] = [32_768, 7]
/** A whole batch, or the first part of one that goes on in the next block. */
const [whole, firstPart, lastKind] = [1, 2, 4]

/**
 * Looks through LevelDB's write-ahead logs before it opens them. LevelDB skips what is damaged there in silence, with
 * all that stands behind it in its block, and then removes the file. At the end that is right: a batch that a crash cut
 * short was never acknowledged. But each batch is synced before the next begins, so where another begins behind the
 * damage, something acknowledged would be lost: throws `store-corrupt`, and leaves the files as they are.
 */
export async function checkWriteAhead(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.log'))
  for (const name of names) {
    // One that went meanwhile is another server's, which holds the store.
    const bytes = await readFile(path.join(folder, name)).catch(() => Buffer.alloc(0))
    const damagedAt = firstDamage(bytes)
    if (damagedAt === undefined || !anotherBegins(bytes, damagedAt + 1)) continue
    throw new TandemError('store-corrupt', {
      reason: 'the newest changes on disk are damaged, and starting would lose some of them',
      file: path.join(folder, name),
      at: damagedAt,
    })
  }
}

/** Where the first record begins that is not what was written; undefined where all are. */
function firstDamage(bytes: Buffer): number | undefined {
  for (let at = 0; at < bytes.length;) {
    const left = blockBytes - (at % blockBytes)
    if (left < headerBytes) at += left
    else if (!isRecord(bytes, at)) return at
    else at += headerBytes + bytes.readUInt16LE(at + 4)
  }
  return undefined
}

/** Whether a batch begins anywhere from there on. Any byte may be its first, since a length may be what is damaged. */
function anotherBegins(bytes: Buffer, from: number): boolean {
  for (let at = from; at + headerBytes < bytes.length; at++) {
    const kind = bytes[at + 6]
    if ((kind === whole || kind === firstPart) && isRecord(bytes, at)) return true
  }
  return false
}

function isRecord(bytes: Buffer, at: number): boolean {
  if (at + headerBytes > bytes.length) return false
  const [length, kind] = [bytes.readUInt16LE(at + 4), bytes[at + 6] ?? 0]
  const end = at + headerBytes + length
  const isPossible = kind >= whole && kind <= lastKind && end <= bytes.length
  if (!isPossible || length > blockBytes - headerBytes - (at % blockBytes)) return false
  return bytes.readUInt32LE(at) === masked(crc32c(bytes.subarray(at + 6, end)))
}

/** LevelDB keeps checksums turned and shifted, so that one of a text that holds checksums still says something. */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa2_82_ea_d8) >>> 0

/** CRC-32 by Castagnoli's polynomial, which Node's `zlib` does not have. */
function crc32c(bytes: Uint8Array): number {
  let crc = ~0
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 255] ?? 0)
  return ~crc >>> 0
}
const table = Int32Array.from({ length: 256 }, (_, n) => {
  let crc = n
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82_f6_3b_78 : crc >>> 1
  return crc
})
