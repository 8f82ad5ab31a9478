import { TandemError } from './errors.ts'

export const maxPathBytes = 4096
export const maxNameBytes = 255

/** Zero-width and bidirectional characters that HFS+ and people's eyes ignore, so `.g\u200cit` would pass for `.git`. */
const ignorable = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu
const encoder = new TextEncoder()

/**
 * The one check of every path that comes from outside (documents, REST, bulk): relative, `/` between ordinary names,
 * NFC, no `..`, NUL, backslash, drive, device or stream syntax, nothing of `.git` or `.tandem` in any spelling
 * (case, HFS ignorables, NTFS short names and trailing dots). Returns the normalised path; throws `path-invalid`,
 * `path-outside-workspace` or `path-protected`.
 */
export function parsePath(raw: string): string {
  const refuse = (code: 'path-invalid' | 'path-outside-workspace' | 'path-protected', reason: string): never => {
    throw new TandemError(code, { reason, path: raw.slice(0, 300) })
  }
  if (raw === '') refuse('path-invalid', 'a path is empty')
  if (raw.startsWith('/') || raw === '~' || raw.startsWith('~/') || /^[a-z]:/i.test(raw)) {
    refuse('path-outside-workspace', 'a path is absolute')
  }
  if (!raw.isWellFormed()) refuse('path-invalid', 'a path is not valid Unicode')
  if (raw.includes('\\')) refuse('path-invalid', 'a path has a backslash')
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(raw)) refuse('path-invalid', 'a path has control characters')
  const path = raw.normalize('NFC')
  if (isLonger(path, maxPathBytes)) refuse('path-invalid', 'a path is too long')
  for (const name of path.split('/')) {
    if (name === '..') refuse('path-outside-workspace', 'a path leaves the workspace')
    if (name === '' || name === '.') refuse('path-invalid', 'a path has an empty part')
    if (isLonger(name, maxNameBytes)) refuse('path-invalid', 'a name is too long')
    if (name.includes(':')) refuse('path-invalid', 'a name has a colon')
    if (/[ .]$/.test(name)) refuse('path-invalid', 'a name ends with a dot or a space')
    if (isProtectedName(name)) refuse('path-protected', 'a path is inside .git or .tandem')
  }
  return path
}

/** UTF-8 takes at most three bytes a UTF-16 unit: only near the limit are they counted. */
const isLonger = (text: string, maxBytes: number): boolean =>
  text.length * 3 > maxBytes && encoder.encode(text).length > maxBytes

/** `parsePath` as a value: the normalised path, or why it was refused. */
export function checkPath(raw: string): { path: string } | { refused: TandemError } {
  try {
    return { path: parsePath(raw) }
  } catch (e) {
    if (e instanceof TandemError) return { refused: e }
    throw e
  }
}

/** Whether a name stands for `.git` or `.tandem` on any file system we may meet. */
export function isProtectedName(name: string): boolean {
  // Nearly every name: without a leading dot, a `~` or anything beyond ASCII it cannot be one.
  if (/^[!-}][ -}]*$/.test(name) && !name.startsWith('.')) return false
  const plain = foldedName(name)
  return (
    plain === '.git' ||
    plain === '.tandem' ||
    /^git~\d+$/.test(plain) ||
    /^tandem~\d+$/.test(plain) ||
    /^gi[0-9a-f]{4}~\d+$/.test(plain)
  )
}

/** A name without whatever some disk or person takes no notice of: case, look-alike forms, ignorable characters, trailing dots, streams. */
export const foldedName = (name: string): string =>
  name
    .normalize('NFKC')
    .replaceAll(ignorable, '')
    .toLowerCase()
    .replace(/[ .]+$/, '')
    .split(':')[0] ?? ''

/** `a/b/c.ts` → `a/b`; a top-level name → the empty string. */
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
/** `a/b/c.ts` → `c.ts`. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** What two paths that the same disk could confuse have in common: case and normal form folded away. */
export const clashKey = (path: string): string => path.normalize('NFC').toLowerCase().normalize('NFC')
