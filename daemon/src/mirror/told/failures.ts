import { TandemError, isTandemError, type Id } from '@tandem/shared'
import type { MirrorAlert } from '@tandem/shared/docs'
import type { Mirroring } from '../context.ts'
import { codeOf } from '../../disk/stat.ts'

/** A file that is there and may not be read: nothing may be concluded about it, so it is tried again. */
export const unreadable = (path: string): TandemError =>
  new TandemError('folder-unreadable', { reason: 'the file cannot be read', path })

/** What a person can do about a disk that refuses, by the system's word for it. */
const refusals = new Map<string, { says: string; fix: string }>([
  ['ENOSPC', { says: 'the disk is full', fix: 'Free some disk space.' }],
  ['EDQUOT', { says: 'the quota of disk space is used up', fix: 'Free some disk space.' }],
  ['EROFS', { says: 'the disk is read-only', fix: 'Mount it for writing.' }],
  ['EACCES', { says: 'permission is denied', fix: 'Let the user that runs the daemon write there.' }],
  ['EPERM', { says: 'permission is denied', fix: 'Let the user that runs the daemon write there.' }],
  ['ENAMETOOLONG', { says: 'the name is too long for this disk', fix: 'Rename it.' }],
  ['EIO', { says: 'the disk fails', fix: 'Check the disk.' }],
])

export function alertOf(e: unknown, path: string): Omit<MirrorAlert, 'at'> | undefined {
  if (isTandemError(e) && e.code === 'folder-unreadable')
    return {
      kind: 'unreadable',
      path,
      says: `${path} cannot be read. Nothing is concluded from that.`,
      fix: 'Let the user that runs the daemon read it.',
    }
  const refusal = refusals.get(codeOf(e) ?? '')
  return refusal && { kind: 'unwritable', path, says: `${path} cannot be written: ${refusal.says}.`, fix: refusal.fix }
}

/** Does work on a file; while the disk refuses it, that is an alert. Throws as the work does, which is then tried again. */
export function tellingFailures(m: Pick<Mirroring, 'report' | 'workspace'>) {
  const told = new Map<Id, { kind: MirrorAlert['kind']; path: string }>()
  const passed = (id: Id) => {
    const before = told.get(id)
    if (before) m.report.clear(before.kind, before.path)
    told.delete(id)
  }
  return async <T>(id: Id, work: () => Promise<T>): Promise<T> => {
    try {
      const result = await work()
      passed(id)
      return result
    } catch (e) {
      passed(id)
      const alert = alertOf(e, m.workspace.files.get(id)?.path ?? id)
      if (alert?.path) {
        m.report.alert(alert)
        told.set(id, { kind: alert.kind, path: alert.path })
      }
      throw e
    }
  }
}
