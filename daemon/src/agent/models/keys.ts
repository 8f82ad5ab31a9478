import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { messageOf } from '@tandem/shared'
import type { Provider } from './settings.ts'

export type Key =
  | { readonly state: 'found'; readonly value: string }
  /** What to do about it, in words that never say the key. */
  | { readonly state: 'missing'; readonly reason: string }

/**
 * Reads providers' keys from where the owner put them, anew each time: one that is put there later is found. A file has
 * to be theirs alone (mode 0600). Every key that was read is known to `redact`.
 */
export function createKeys({
  environment,
  folder,
}: {
  environment: Readonly<Record<string, string | undefined>>
  /** Where file names begin: the owner's configuration folder. */
  folder: string
}) {
  const known = new Set<string>()
  const found = (text: string, where: string): Key => {
    const value = text.trim()
    // A header takes no others; what is no key must not reach one.
    if (!/^[\x21-\x7e]{1,4000}$/.test(value)) return { state: 'missing', reason: `${where} holds no key` }
    known.add(value)
    return { state: 'found', value }
  }
  return {
    read: ({ key }: Pick<Provider, 'key'>): Key | undefined => {
      if (!key) return undefined
      if ('file' in key) {
        const file = isAbsolute(key.file) ? key.file : join(folder, key.file)
        try {
          return found(readOwn(file), file)
        } catch (e) {
          return { state: 'missing', reason: messageOf(e) }
        }
      }
      const value = environment[key.env]
      return value ? found(value, key.env) : { state: 'missing', reason: `${key.env} is not set` }
    },
    /** The same words without any key that was read: for all that a provider said before it is shown or kept. */
    redact: (text: string): string => {
      let clean = text
      for (const key of known) if (key.length >= 6) clean = clean.replaceAll(key, '[key]')
      return clean
    },
  }
}

export type Keys = ReturnType<typeof createKeys>

/** A file that nobody but its owner can read; throws in words where it is another. */
function readOwn(file: string): string {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const { mode, uid, size } = fstatSync(fd)
    const isFile = (mode & constants.S_IFMT) === constants.S_IFREG
    if (!isFile || size > 10_000) throw new Error(`${file} is not a file with a key`)
    if ((mode & 0o077) !== 0 && process.platform !== 'win32')
      throw new Error(`${file} can be read by others: chmod 600 it`)
    if (process.getuid && uid !== process.getuid()) throw new Error(`${file} belongs to another user`)
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}
