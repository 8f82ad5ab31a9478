import { randomBytes } from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { TandemError } from '@tandem/shared'

const size = 32

/**
 * What questions to people are signed with, in a file of the daemon's own: made when there is none, and the same after
 * every restart, or no yes would hold. Throws `config-invalid` for a file that holds something else.
 */
export function openSecret(file: string): Uint8Array {
  const known = read(file)
  if (known) return known
  mkdirSync(dirname(file), { recursive: true })
  const made = `${file}.${randomBytes(6).toString('hex')}`
  writeFileSync(made, randomBytes(size), { mode: 0o600, flush: true })
  try {
    // Whole or not at all, and of two that make it at once the first one's counts.
    linkSync(made, file)
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw e
  } finally {
    rmSync(made)
  }
  return read(file) ?? refuse(file)
}

function read(file: string): Uint8Array | undefined {
  try {
    const secret = readFileSync(file)
    if (secret.length !== size) return refuse(file)
    chmodSync(file, 0o600)
    return secret
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw e
  }
}

function refuse(file: string): never {
  throw new TandemError('config-invalid', {
    reason: `${file} is not the secret of this daemon: remove it, and what people allowed for longer is asked about again`,
  })
}
