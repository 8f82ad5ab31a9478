import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, readdir, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { BlobHash, TandemError, type ErrorCode, type Id } from '@tandem/shared'
import type { Mirroring } from '../context.ts'
import { openRegular } from '../../disk/open.ts'
import { identity, type Stat } from '../../disk/stat.ts'
import { staging } from '../../disk/write.ts'

/**
 * Brings the version of a file that has this hash to the server, piece by piece; `there` where the server had it,
 * `changed` where it is another by now.
 */
export async function sendBlob(
  m: Mirroring,
  path: string,
  { hash, stat }: { hash: string; stat: Stat },
): Promise<'sent' | 'there' | 'changed'> {
  const file = openRegular(m.root, path)
  if (typeof file === 'string') return 'changed'
  const transfer = m.transfers.begin(stat.size)
  const changed = new Error('the file changed')
  let wasAsked = false
  const isSame = () => identity(file.stat) === identity(stat) && file.isSame()
  try {
    const readAt = async (offset: number, length: number) => {
      wasAsked = true
      const piece = await file.read(offset, length)
      if (piece.length === 0 || !isSame()) throw changed
      transfer.at(offset + piece.length)
      return piece
    }
    await m.workspace.blobs.put({ hash, size: stat.size }, readAt, m.signal)
    return wasAsked ? 'sent' : 'there'
  } catch (e) {
    if (e === changed) return 'changed'
    if (e instanceof TandemError && e.code === 'too-large') m.refuse(path, 'the server does not take it')
    throw e
  } finally {
    transfer.end()
    file.close()
  }
}

/** After these there is nothing to go on from. */
const useless = new Set<ErrorCode>(['too-large', 'store-corrupt', 'range-invalid', 'not-found'])
const partialOf = (id: Id, hash: string) => `b-${id}-${hash}`

/**
 * Fetches a blob into a file of the daemon's own, which it returns once the bytes have that hash. After a cut, or
 * another start, it goes on where it ended. Throws what the server refuses, and `too-large` and `store-corrupt` where
 * the bytes are more than this daemon takes, or others than were named.
 */
export async function fetchBlob(m: Mirroring, id: Id, { hash, size }: { hash: string; size: number }): Promise<string> {
  const file = join(m.root.path, staging, partialOf(id, BlobHash.parse(hash)))
  await using handle = await openPartial(file)
  const sum = createHash('sha256')
  const transfer = m.transfers.begin(size)
  try {
    let at = await addTo(sum, handle)
    // It had come whole, but was not put in its place.
    if (at > 0 && sum.copy().digest('hex') === hash) return file
    for await (const piece of m.workspace.blobs.get(hash, at, m.signal)) {
      at += piece.length
      if (at > m.maxBlobBytes) throw new TandemError('too-large', { reason: 'the blob is larger than was said' })
      await handle.appendFile(piece)
      sum.update(piece)
      transfer.at(Math.min(at, size))
    }
    if (sum.digest('hex') !== hash) throw new TandemError('store-corrupt', { reason: 'the blob has another hash' })
    return file
  } catch (e) {
    if (e instanceof TandemError && useless.has(e.code)) await unlink(file)
    throw e
  } finally {
    transfer.end()
  }
}

/** What came of it before. One with a second name has been put in place, one that was made ready may not be written any more: both begin anew. */
async function openPartial(file: string): Promise<FileHandle> {
  const there = await lstat(file).catch(() => undefined)
  if (there && (there.nlink > 1 || (there.mode & 0o600) !== 0o600)) await unlink(file)
  return open(file, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW, 0o600)
}

async function addTo(sum: ReturnType<typeof createHash>, handle: FileHandle): Promise<number> {
  let at = 0
  const buffer = new Uint8Array(2 ** 20)
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) return at
    sum.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
}

/** Takes away what was fetched in part for files that are gone, or are another version by now. */
export async function tidyPartials(m: Mirroring): Promise<void> {
  const names = await readdir(join(m.root.path, staging)).catch(() => [])
  for (const name of names) {
    const [kind, id = '', hash = ''] = name.split('-')
    const entry = m.workspace.files.get(id)
    const isWanted = entry && !entry.deleted && entry.facts?.blob === hash && m.shadows.get(id)?.hash !== hash
    if (kind === 'b' && !isWanted) await unlink(join(m.root.path, staging, name)).catch(() => {})
  }
}
