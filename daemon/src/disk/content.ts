import { diffLines, splitLines } from '@tandem/shared'

/** What of a text file's bytes is not in its document: kept on disk, restored on every export. */
export type Dress = { eol: 'lf' | 'crlf' | 'mixed'; bom: boolean }
export type Content = { kind: 'text'; text: string; dress: Dress } | { kind: 'binary' }

const bom = '\ufeff'
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenient = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Reads a file's bytes: a document's text has LF only and no byte order mark (Monaco normalises all three line ends,
 * and the editor binding counts on it). Anything with a NUL or invalid UTF-8 is binary.
 */
export function readContent(bytes: Uint8Array): Content {
  if (bytes.includes(0)) return { kind: 'binary' }
  let raw: string
  try {
    raw = strict.decode(bytes)
  } catch {
    // Not UTF-8: no text of ours.
    return { kind: 'binary' }
  }
  const marked = raw.startsWith(bom)
  if (marked) raw = raw.slice(1)
  if (!raw.includes('\r')) return { kind: 'text', text: raw, dress: { eol: 'lf', bom: marked } }
  const text = raw.replaceAll(/\r\n?/g, '\n')
  return { kind: 'text', text, dress: { eol: text.replaceAll('\n', '\r\n') === raw ? 'crlf' : 'mixed', bom: marked } }
}

/**
 * The bytes of a text as this file wears it. Where line ends are mixed, each line that `previous` (the file's last
 * bytes) already had keeps its own, and new ones get the commonest.
 */
export function writeContent(text: string, { eol, bom: marked }: Dress, previous?: Uint8Array): Uint8Array {
  const body = eol === 'lf' ? text : eol === 'crlf' ? text.replaceAll('\n', '\r\n') : mixed(text, previous)
  return new TextEncoder().encode((marked ? bom : '') + body)
}

function mixed(text: string, previous: Uint8Array = new Uint8Array()): string {
  // It need not have been a text: then it has not much to say of line ends.
  const raw = lenient.decode(previous).replace(bom, '')
  const old = raw.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? []
  const ends = old.map((line) => /(?:\r\n|\r|\n)$/.exec(line)?.[0] ?? '')
  const common = commonest(ends.filter((end) => end !== ''))
  const lines = splitLines(text)
  const out: string[] = []
  const dressed = (line: string, end: string) => (line.endsWith('\n') ? line.slice(0, -1) + (end || common) : line)
  let [i, j] = [0, 0]
  const hunks = diffLines(
    old.map((line) => line.replace(/(?:\r\n|\r|\n)$/, '\n')),
    lines,
  )
  for (const { a0, a1, b0, b1 } of [...hunks, { a0: old.length, a1: old.length, b0: lines.length, b1: lines.length }]) {
    for (; i < a0; i++, j++) out.push(dressed(lines[j] ?? '', ends[i] ?? ''))
    // A line changed in place keeps its end.
    for (; j < b1; j++) out.push(dressed(lines[j] ?? '', a0 + (j - b0) < a1 ? (ends[a0 + (j - b0)] ?? '') : ''))
    i = a1
  }
  return out.join('')
}

function commonest(ends: readonly string[]): string {
  const count = new Map<string, number>()
  for (const end of ends) count.set(end, (count.get(end) ?? 0) + 1)
  return [...count].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? '\n'
}
