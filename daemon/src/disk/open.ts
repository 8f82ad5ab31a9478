import { createHash } from 'node:crypto'
import { closeSync, fstatSync, read } from 'node:fs'
import { openInside, type Root } from './inside.ts'
import { codeOf, identity, isGone, toStat, type Stat } from './stat.ts'

/** A regular file of any size, to be read piece by piece. */
export type OpenFile = {
  /** As it was when it was opened. */
  readonly stat: Stat
  /** At most `length` bytes from `offset` on; none at its end. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** Whether it is still the version that was opened. */
  isSame(): boolean
  close(): void
}

/** Bytes read at once. */
const pieceBytes = 2 ** 20

/** Opens a regular file of the folder, through no symbolic link in any part of its path. */
export function openRegular(root: Root, path: string): OpenFile | 'missing' | 'unreadable' | 'other' {
  let fd: number | undefined
  try {
    const opened = openInside(root, path)
    if (typeof opened === 'string') return opened === 'missing' ? 'missing' : 'other'
    fd = opened
    const held = opened
    const stat = toStat(fstatSync(held, { bigint: true }))
    if (stat.kind !== 'file') return 'other'
    fd = undefined
    return {
      stat,
      read: (offset, length) =>
        new Promise((resolve, reject) => {
          read(held, new Uint8Array(length), 0, length, offset, (e, got, bytes) =>
            e ? reject(e) : resolve(bytes.subarray(0, got)),
          )
        }),
      isSame: () => identity(toStat(fstatSync(held, { bigint: true }))) === identity(stat),
      close: () => closeSync(held),
    }
  } catch (e) {
    return isGone(e) ? 'missing' : codeOf(e) === 'ELOOP' ? 'other' : 'unreadable'
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** The SHA-256 of a file, never held whole, and which version that is; `busy` where it was written meanwhile. */
export async function hashStable(
  root: Root,
  path: string,
  signal: AbortSignal,
): Promise<{ hash: string; stat: Stat } | 'missing' | 'unreadable' | 'busy' | 'other'> {
  const file = openRegular(root, path)
  if (typeof file === 'string') return file
  const sum = createHash('sha256')
  try {
    for (let at = 0; at < file.stat.size;) {
      signal.throwIfAborted()
      const piece = await file.read(at, pieceBytes)
      if (piece.length === 0) return 'busy'
      sum.update(piece)
      at += piece.length
    }
    return file.isSame() ? { hash: sum.digest('hex'), stat: file.stat } : 'busy'
  } catch {
    signal.throwIfAborted()
    return 'unreadable'
  } finally {
    file.close()
  }
}
