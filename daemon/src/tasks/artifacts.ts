import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { isProtectedName, isTandemError, messageOf, type Artifact } from '@tandem/shared'
import { inParent, type Root } from '../disk/inside.ts'
import { hashStable, openRegular } from '../disk/open.ts'
import { fits } from './fits.ts'

export type ArtifactPorts = {
  root: Root
  /** Whether a name is never shared, such as that of a key, or hidden from commands by the owner. */
  isSecret(name: string): boolean
  /** The largest that is kept, bytes. */
  maxBytes: number
  /** Brings a file to the server; what is there already is not read again. */
  put(
    blob: { hash: string; size: number },
    read: (offset: number, length: number) => Promise<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void>
}

/** A result names at most so many. */
const maxFiles = 100
/** Of a larger folder not all is looked at. */
const maxLooked = 50_000
/** After so many others have their turn. */
const lookedInTurn = 500

/**
 * Keeps the files that a task asked for by paths or patterns (`dist/*.tgz`, `reports/**`: of `*`, `?` and `**`), relative to the folder: its
 * regular files alone, through no symbolic link, nothing of `.git` and no secrets. `left` says in words what was not kept.
 */
export async function keepArtifacts(
  patterns: readonly string[],
  ports: ArtifactPorts,
  signal: AbortSignal,
): Promise<{ kept: Artifact[]; left: string[] }> {
  const left: string[] = []
  const found = new Set<string>()
  const search = { found, left, looked: 0 }
  for (const pattern of patterns) {
    const before = found.size
    const parts = pattern.split('/').filter((part) => part !== '' && part !== '.')
    if (pattern.startsWith('/') || parts.includes('..')) left.push(`${pattern} (it leads out of the folder)`)
    else await find('', parts, ports, search, signal)
    if (found.size === before && search.looked < maxLooked && !left.some((each) => each.startsWith(pattern)))
      left.push(`${pattern} (there is no such file)`)
  }
  if (search.looked >= maxLooked) left.push('perhaps more (the folder is too large to be searched)')
  const paths = [...found].toSorted()
  if (paths.length > maxFiles) left.push(`${paths.length - maxFiles} more files (${maxFiles} are kept)`)
  const kept: Artifact[] = []
  for (const path of paths.slice(0, maxFiles)) {
    const one = await keep(path, ports, signal)
    if (typeof one === 'string') left.push(`${path} (${one})`)
    else kept.push(one)
  }
  return { kept, left }
}

type Search = { found: Set<string>; left: string[]; looked: number }

/** Puts the paths below `dir` that fit into `found`. A directory is read through no link, whoever puts one there meanwhile. */
async function find(
  dir: string,
  [part, ...rest]: readonly string[],
  ports: ArtifactPorts,
  search: Search,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  if (part === undefined || search.looked >= maxLooked) return
  const isDeep = part === '**'
  if (isDeep && rest.length > 0) await find(dir, rest, ports, search, signal)
  for (const entry of await list(dir, ports.root)) {
    const { name } = entry
    if (++search.looked >= maxLooked) return
    if (search.looked % lookedInTurn === 0) await setImmediate()
    const path = dir === '' ? name : `${dir}/${name}`
    if (!(isDeep || name === part || fits(name, part)) || isProtectedName(name)) continue
    if (entry.isDirectory()) await find(path, isDeep ? [part, ...rest] : rest, ports, search, signal)
    if (entry.isDirectory() && name === part && rest.length === 0)
      search.left.push(`${path} (a folder: ask for ${path}/**)`)
    if (!entry.isFile() || rest.length > 0) continue
    if (!ports.isSecret(name)) search.found.add(path)
    // Who names it is told; a pattern only passes it by.
    else if (name === part) search.left.push(`${path} (it stands for secrets)`)
  }
}

const list = async (dir: string, root: Root) => {
  const inside = await inParent(root, dir === '' ? 'any' : `${dir}/any`, (target) =>
    readdir(dirname(target), { withFileTypes: true }).catch(() => []),
  )
  return typeof inside === 'string' ? [] : inside
}

/** Brings one file to the server, or says why not. */
async function keep(
  path: string,
  { root, maxBytes, put }: ArtifactPorts,
  signal: AbortSignal,
): Promise<Artifact | string> {
  const file = openRegular(root, path)
  if (typeof file === 'string') return 'it cannot be read'
  try {
    const { size } = file.stat
    if (size > maxBytes) return `it is larger than ${Math.floor(maxBytes / 2 ** 20)} MB`
    const read = await hashStable(root, path, signal)
    if (typeof read === 'string' || read.stat.size !== size) return 'it was written meanwhile'
    await put({ hash: read.hash, size }, file.read, signal)
    return { path, blob: read.hash, size }
  } catch (e) {
    signal.throwIfAborted()
    if (!isTandemError(e)) throw e
    return messageOf(e)
  } finally {
    file.close()
  }
}
