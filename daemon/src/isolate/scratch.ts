import { TandemError } from '@tandem/shared'
import type { FileTree } from './ports.ts'

/** How much a scratch tree may hold. */
const limits = { bytes: 16 * 2 ** 20, entries: 2_000 }

/** What is in a new one [S217] [S222]. */
const first: Readonly<Record<string, string>> = {
  '/home/README.md':
    '# Scratch\n\nThese files are kept in memory, and only for a while. The project is in /workspace.\n',
  '/src/hello.js': "console.log('Hello')\n",
}

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/')) || '/'
const text = new TextEncoder()

/** Files in memory, bounded: for what is no part of the project. */
export function createScratch(): FileTree {
  const files = new Map<string, Uint8Array>()
  const folders = new Set(['/'])
  let held = 0

  const namesIn = (folder: string) => {
    const prefix = folder === '/' ? '/' : `${folder}/`
    const below = [...files.keys(), ...folders].filter((path) => path.startsWith(prefix) && path !== folder)
    return [...new Set(below.map((path) => path.slice(prefix.length).split('/')[0] as string))]
      .filter(Boolean)
      .toSorted()
  }
  const missing = (path: string, what = 'there is no such file') => new TandemError('not-found', { reason: what, path })
  const wrong = (reason: string, path: string) => new TandemError('conflict', { reason, path })
  const file = (path: string): Uint8Array => {
    const bytes = files.get(path)
    if (bytes) return bytes
    throw folders.has(path) ? wrong('it is a folder', path) : missing(path)
  }
  const put = (path: string, bytes: Uint8Array) => {
    if (folders.has(path)) throw wrong('it is a folder', path)
    if (!folders.has(parentOf(path))) throw missing(path, 'the folder it is to be in is not there')
    const size = held - (files.get(path)?.length ?? 0) + bytes.length
    if (size > limits.bytes || files.size + folders.size >= limits.entries)
      throw new TandemError('too-large', { reason: 'the scratch files are too many or too large' })
    held = size
    files.set(path, bytes)
  }
  const make = (path: string) => {
    for (let at = path; !folders.has(at); at = parentOf(at)) {
      if (files.has(at)) throw wrong('a file is in the way', at)
      if (files.size + folders.size >= limits.entries)
        throw new TandemError('too-large', { reason: 'the scratch files are too many' })
      folders.add(at)
    }
  }
  for (const [path, content] of Object.entries(first)) {
    make(parentOf(path))
    put(path, text.encode(content))
  }
  return {
    readFile: async (path) => file(path).slice(),
    writeFile: async (path, bytes) => put(path, bytes.slice()),
    appendFile: async (path, bytes) => put(path, Buffer.concat([files.get(path) ?? new Uint8Array(), bytes])),
    unlink: async (path) => {
      held -= file(path).length
      files.delete(path)
    },
    exists: async (path) => files.has(path) || folders.has(path),
    stat: async (path) => (folders.has(path) ? { kind: 'dir', size: 0 } : { kind: 'file', size: file(path).length }),
    mkdir: async (path) => make(path),
    readdir: async (path) => {
      if (!folders.has(path))
        throw files.has(path) ? wrong('it is a file', path) : missing(path, 'there is no such folder')
      return namesIn(path)
    },
    rmdir: async (path) => {
      if (!folders.has(path))
        throw files.has(path) ? wrong('it is a file', path) : missing(path, 'there is no such folder')
      if (path === '/' || namesIn(path).length > 0) throw wrong('the folder is not empty', path)
      folders.delete(path)
    },
  }
}
