import { keepColour } from '@tandem/shared'
import type { LogChunk } from '@tandem/shared/docs'

/** A line of output: text with colour codes only, and the stream it began in. */
export type OutputLine = { readonly text: string; readonly stream: LogChunk['s'] }
export type Output = {
  readonly lines: readonly OutputLine[]
  /** Bytes before the first line that are not in the live window any more. */
  readonly missing: number
}

// oxlint-disable-next-line no-control-regex -- colour codes are what is looked for
const colours = /\u001b\[[\d;:]*m/g
const isReset = (code: string) => code === '\u001b[m' || code === '\u001b[0m'

/**
 * Turns a log's chunks into lines, reading each chunk once: a growing log costs what was added. A colour that is still
 * on at the end of a line is carried into the next; `\r` writes over its line, as on a terminal.
 */
export function createOutput(): (chunks: readonly LogChunk[]) => Output {
  let lines: OutputLine[] = []
  let first = -1
  let next = -1
  let carried = ''
  let decoders = new Map<number, TextDecoder>()
  let last: Output = { lines: [], missing: 0 }

  const take = ({ d, s }: LogChunk) => {
    const decoder = decoders.get(s) ?? new TextDecoder()
    decoders.set(s, decoder)
    const parts = keepColour(decoder.decode(d, { stream: true })).split('\n')
    const open = lines.pop()
    parts[0] = (open?.text ?? carried) + (parts[0] ?? '')
    parts.forEach((part, i) => {
      const isOpen = i === parts.length - 1
      const text = overwrite(part, isOpen)
      lines.push({ text, stream: i === 0 && open && open.text !== carried ? open.stream : s })
      if (!isOpen) {
        carried = colourAtEnd(text)
        parts[i + 1] = carried + (parts[i + 1] ?? '')
      }
    })
  }
  return (chunks) => {
    const head = chunks[0]
    // The window's head was trimmed, or this is another attempt: read anew.
    if (head?.q !== first) {
      lines = []
      carried = ''
      decoders = new Map()
      first = head?.q ?? -1
      next = first
    }
    const before = next
    for (const chunk of chunks) {
      if (chunk.q < next) continue
      take(chunk)
      next = chunk.q + 1
    }
    if (before !== next || last.missing !== (head?.o ?? 0)) last = { lines: shown(lines), missing: head?.o ?? 0 }
    return last
  }
}

/** What a terminal shows of a line with carriage returns in it: the last that was written. */
function overwrite(line: string, isOpen: boolean): string {
  if (!line.includes('\r')) return line
  const parts = line.replace(/\r+$/, '').split('\r')
  const text = parts.at(-1) ?? ''
  // What an open line ends with decides what its next chunk writes over. Colours set before the return are still on.
  return (
    (parts.length > 1 ? colourAtEnd(parts.slice(0, -1).join('')) : '') +
    text +
    (isOpen && line.endsWith('\r') ? '\r' : '')
  )
}

function shown(lines: readonly OutputLine[]): readonly OutputLine[] {
  const open = lines.at(-1)
  if (!open) return []
  const text = open.text.replace(/\r$/, '')
  return text === '' ? lines.slice(0, -1) : [...lines.slice(0, -1), { ...open, text }]
}

/** The colour codes in force at the end of a text. */
function colourAtEnd(text: string): string {
  let on = ''
  for (const [code] of text.matchAll(colours)) on = isReset(code) ? '' : on + code
  return on
}
