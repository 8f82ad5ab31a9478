import type { Monaco } from './monaco.ts'

/** Above this length highlighting makes typing lag: 35 → 66 ms a key at 1 MB. */
const plainFrom = 500_000

/** The language of a file by its name; plain text where none is known, or the file is long. */
export function languageOf({ languages }: Monaco, path: string, length: number): string {
  if (length > plainFrom) return 'plaintext'
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  const byName = languages.getLanguages().find((l) => l.filenames?.some((f) => f.toLowerCase() === name))
  const byEnding = () => languages.getLanguages().find((l) => l.extensions?.some((e) => name.endsWith(e.toLowerCase())))
  return (byName ?? byEnding())?.id ?? 'plaintext'
}
