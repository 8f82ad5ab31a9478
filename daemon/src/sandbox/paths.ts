import { lstatSync, realpathSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { TandemError } from '@tandem/shared'
import { z } from 'zod'
import { mayEnter, type Identity } from './identity.ts'

const Access = z.enum(['read', 'write'])
type Access = z.infer<typeof Access>

/** A place outside the workspace that commands may read, or write too [S173]. */
export const GrantedPath = z.strictObject({
  path: z
    .string()
    .max(4_096)
    .regex(/^(\/[^/\0]+)+$/, 'it must be a whole path, as /srv/data')
    .refine((path) => !path.split('/').some((part) => part === '.' || part === '..'), 'it must have no . or .. in it'),
  mode: Access.default('read'),
})
export type GrantedPath = z.infer<typeof GrantedPath>

/**
 * Whether a path, with all its links followed as the system follows them, lies in one of these places and may be used so
 * [S174]. What does not exist yet is judged by the folder it would be made in; a link that leads nowhere leads outside.
 * The places must be real paths.
 */
export function createPathAccess(places: readonly GrantedPath[]): (path: string, mode: Access) => boolean {
  return (path, mode) => {
    const real = realOrToBe(path)
    return (
      real !== undefined &&
      places.some((place) => isWithin(place.path, real) && (mode === 'read' || place.mode === 'write'))
    )
  }
}

/** True where `path` is `place` or below it; not where it merely begins with the same letters. */
const isWithin = (place: string, path: string): boolean => path === place || path.startsWith(place + sep)

function realOrToBe(path: string): string | undefined {
  const parts = path.split(sep)
  for (let at = parts.length; at > 0; at--) {
    const known = parts.slice(0, at).join(sep) || sep
    const rest = parts.slice(at).filter((part) => part !== '' && part !== '.')
    try {
      // Not Node's own, which takes `link/..` for nothing.
      const real = realpathSync.native(known)
      return rest.includes('..') || rest.some((_, i) => isThere(join(real, ...rest.slice(0, i + 1))))
        ? undefined
        : join(real, ...rest)
    } catch {
      continue // not there, or not ours to see: then what is above it counts
    }
  }
  return undefined
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

/** What holds the system, or the command's own walls, is shown to it in another way or not at all. */
const system = [
  '/proc',
  '/sys',
  '/dev',
  '/run',
  '/etc',
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib64',
  '/boot',
  '/tmp',
  '/home/task',
]

type FindOptions = { workspace: string; home: string; identity: Identity }

/**
 * The owner's further places as real paths. Throws `config-invalid` for one that holds the workspace, the home or the
 * system, that those whom commands run as cannot use, or that is to be read alone in one where they may write; one that is
 * not there now is left out, and so is one that another holds.
 */
export function findGrantedPaths(
  granted: readonly GrantedPath[],
  { workspace, home, identity }: FindOptions,
): GrantedPath[] {
  const refuse = (path: string, reason: string): never => {
    throw new TandemError('config-invalid', { reason: `the policy's path ${path} ${reason}` })
  }
  const places = granted.flatMap(({ path, mode }) => {
    if (!statSync(path, { throwIfNoEntry: false })) return []
    const real = realpathSync.native(path)
    for (const kept of [workspace, home])
      if (isWithin(real, kept)) refuse(path, `holds ${kept}: name what is needed of it`)
    if (isWithin(workspace, real)) refuse(path, 'is in the folder served, where it is allowed anyway')
    const own = system.find((folder) => real === folder || (folder !== '/tmp' && isWithin(folder, real)))
    if (own !== undefined || real === sep) refuse(path, 'belongs to the system')
    if (!mayEnter(identity, real)) refuse(path, 'cannot be read by those whom commands run as')
    return [{ path: real, mode, named: path }]
  })
  // The outer first, or it would cover the inner.
  const sorted = places.toSorted((a, b) =>
    a.path === b.path ? (a.mode === 'write' ? -1 : 1) : a.path < b.path ? -1 : 1,
  )
  return sorted.flatMap(({ path, mode, named }, i) => {
    const outer = sorted.slice(0, i).find((other) => other.mode === 'write' && isWithin(other.path, path))
    if (outer === undefined) return [{ path, mode }]
    // A command could put a link in its place, and the next would be shown what that leads to.
    if (mode === 'read') refuse(named, `lies in ${outer.named}, where commands may write: leave out one of the two`)
    return []
  })
}
