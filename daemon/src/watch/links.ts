import { checkPath, parentOf } from '@tandem/shared/path'
import type { Ignore } from './ignore.ts'

/** Longer is no target that every system takes. */
const maxTargetBytes = 4_000

/**
 * Why a symbolic link at `path` is not shared, in words; undefined where it may be: it leads, as it is written, to a
 * place of the same folder that is shared too, and does so on any machine. It is never asked what is there, nor followed.
 */
export function linkReason(ignore: Ignore, path: string, target: string): string | undefined {
  if (target === '' || Buffer.byteLength(target) > maxTargetBytes || target.includes('\ufffd'))
    return 'no usable target'
  if (target.startsWith('/') || target.includes('\\') || /^[a-z]:/i.test(target)) return 'the target is absolute'
  const names = target.replace(/\/$/, '').split('/')
  let dir = parentOf(path)
  // Only at the front: after a name, which may be a link itself, nobody knows where it leads.
  for (; names[0] === '..'; names.shift()) {
    if (dir === '') return 'the target is outside'
    dir = parentOf(dir)
  }
  const rest = names.filter((name) => name !== '.')
  if (rest.includes('..')) return 'the target goes back after a name'
  const place = [...(dir === '' ? [] : [dir]), ...rest].join('/')
  if (place === '') return undefined
  const checked = checkPath(place)
  if (!('path' in checked) || checked.path !== place) return 'the target is no path of a workspace'
  // Whether it is a directory there, or will be, is not known.
  const hidden = ignore.reason(place, false) ?? ignore.reason(place, true)
  return hidden === undefined ? undefined : `the target is not shared: ${hidden}`
}
