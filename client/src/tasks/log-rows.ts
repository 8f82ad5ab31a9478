import { keepColour } from '@tandem/shared'
import { maxChunkBytes, note, type LogChunk } from '@tandem/shared/docs'
import { sizeWords } from '../ui/size-words.ts'

/** One row of output: text with colour codes only, and the stream it began in. */
export type Row = {
  readonly text: string
  readonly stream: LogChunk['s']
  /** When it began, in ms since the attempt did. */
  readonly t: number
  /** The byte of the whole output at which it begins: what names it in a link, wherever the output lies by then. */
  readonly at: number
  /** Goes on from the row before, which was too long for one. */
  readonly goesOn: boolean
  /** The number of its line, counted from 1; undefined where what came before is not known whole. */
  readonly line: number | undefined
}

/** A longer line is shown as several rows: the browser lays out what is on the screen, and that must stay little. */
const maxRowChars = 4_000
/** More rows than a person reads, and few enough to be held; beyond it the oldest quarter is let go. */
const maxHeldRows = 400_000

const gap = '… what was written meanwhile is not here …'

// oxlint-disable-next-line no-control-regex -- colour codes are what is looked for
const colours = /\u001b\[[\d;:]*m/g

/** A text without its colour codes. */
export const withoutColour = (text: string): string => (text.includes('\u001b') ? text.replace(colours, '') : text)

/**
 * Rows of a growing output. Each chunk is read once, so that more output costs what was added. Rows are numbered from
 * the first that was ever seen, and keep their number when older ones are let go. A colour that is on at the end of a
 * line is carried into the next; `\r` writes over its line, as on a terminal.
 */
export function createRows(maxRows = maxHeldRows) {
  let rows: Row[] = []
  let first = 0
  /** The last row is not ended yet: more of it may come. */
  let isOpen = false
  let carried = ''
  let nextChunk: number | undefined
  /** Lines and bytes so far; no line has a number any more once something is missing. */
  let lines: number | undefined = 0
  let bytes = 0
  const decoders = new Map<number, TextDecoder>()

  const push = (row: Row) => {
    rows.push(row)
    if (rows.length <= maxRows) return
    const drop = Math.ceil(maxRows / 4)
    rows = rows.slice(drop)
    first += drop
  }
  const endOpen = () => {
    const open = isOpen ? rows.at(-1) : undefined
    isOpen = false
    carried = ''
    // Nothing was written in it but a colour.
    if (open && withoutColour(open.text) === '') rows.pop()
  }
  /** Puts what was added to a line into as many rows as it needs. */
  const write = (text: string, row: Omit<Row, 'text'>, isLast: boolean) => {
    let rest = overwritten(text, isLast)
    let goesOn = row.goesOn
    while (rest.length > maxRowChars) {
      const cut = safeCut(rest, maxRowChars)
      push({ ...row, text: rest.slice(0, cut), goesOn })
      rest = colourAtEnd(rest.slice(0, cut)) + rest.slice(cut)
      goesOn = true
    }
    push({ ...row, text: rest, goesOn })
  }
  const nextLine = () => (lines === undefined ? undefined : ++lines)
  const take = ({ o, t, s, d }: LogChunk) => {
    // A stream that waits for the rest of a character may come a chunk later than the bytes after it.
    if (o > bytes + maxChunkBytes) lines = undefined
    if (s !== note) bytes += d.length
    const decoder = decoders.get(s) ?? new TextDecoder()
    decoders.set(s, decoder)
    const parts = keepColour(decoder.decode(d, { stream: true })).split('\n')
    const starts = lineStarts(d)
    parts.forEach((part, i) => {
      const isLast = i === parts.length - 1
      const open = i === 0 && isOpen ? rows.pop() : undefined
      const begun = open && open.text !== '' && open.text !== carried ? open : undefined
      // Where a stripped sequence held line ends, the lines are no longer those of the bytes.
      const at = o + (starts.length === parts.length ? (starts[i] ?? 0) : 0)
      const line = open ? open.line : nextLine()
      const facts = begun ?? { stream: s, t, at, goesOn: false, line }
      write((open ? open.text : carried) + part, facts, isLast)
      const row = rows.at(-1)
      if (!isLast && row) carried = colourAtEnd(row.text)
      isOpen = isLast
    })
  }
  return {
    /** Reads what is new among chunks that are in order. True where there was any. */
    take: (chunks: readonly LogChunk[]): boolean => {
      let took = false
      for (const chunk of chunks) {
        if (nextChunk !== undefined && chunk.q < nextChunk) continue
        // A reader who was away for long: the window has moved past what was last seen.
        if (nextChunk !== undefined && chunk.q > nextChunk) {
          endOpen()
          decoders.clear()
          lines = undefined
          push({ text: gap, stream: note, t: chunk.t, at: chunk.o, goesOn: false, line: undefined })
        }
        take(chunk)
        nextChunk = chunk.q + 1
        took = true
      }
      return took
    },
    /** Numbers of the first row that is held, and of the one after the last. */
    range: (): { first: number; end: number } => ({ first, end: first + rows.length - (isEmptyOpen() ? 1 : 0) }),
    /** Rows that will not change any more end here. */
    settled: (): number => first + rows.length - (isOpen ? 1 : 0),
    row: (n: number): Row | undefined => {
      const row = rows[n - first]
      return row?.text.endsWith('\r') ? { ...row, text: row.text.slice(0, -1) } : row
    },
    /** The row that holds this byte of the output: the last that begins at it or before. */
    rowAt: (at: number): number => {
      let [low, high] = [0, rows.length]
      while (low < high) {
        const mid = (low + high) >> 1
        if ((rows[mid]?.at ?? 0) <= at) low = mid + 1
        else high = mid
      }
      return first + Math.max(0, low - 1)
    },
    /** Bytes before the first row that are not held. */
    missing: (): number => rows[0]?.at ?? 0,
  }
  function isEmptyOpen(): boolean {
    const open = isOpen ? rows.at(-1) : undefined
    return open !== undefined && withoutColour(open.text).replace(/\r$/, '') === ''
  }
}

export type Rows = ReturnType<typeof createRows>

/** Rows as plain text, each line of the output on one. */
export function plainRows(rows: Iterable<Row>): string {
  let text = ''
  let isFirst = true
  for (const row of rows) {
    if (!isFirst && !row.goesOn) text += '\n'
    text += withoutColour(row.text)
    isFirst = false
  }
  return text
}

/** How much is not shown before the first row, in words; undefined where nothing is missing. */
export const missingWords = (bytes: number): string | undefined =>
  bytes === 0 ? undefined : `The first ${sizeWords(bytes)} are not here.`

/** Where in the bytes each line begins. */
function lineStarts(bytes: Uint8Array): number[] {
  const starts = [0]
  for (let i = bytes.indexOf(10); i >= 0; i = bytes.indexOf(10, i + 1)) starts.push(i + 1)
  return starts
}

/** GitLab’s marks of where a part begins and ends, which it writes over. */
const section = /^section_(start|end):\d+:[\w.-]+(?:\[[^\]\r]*\])?\r/

/** What a terminal shows of a line with carriage returns in it: the last that was written. */
function overwritten(whole: string, isLast: boolean): string {
  if (!whole.includes('\r')) return whole
  // As GitHub's, which stand where they can be seen.
  const line = whole.replace(section, (_, is) => (is === 'start' ? '::group::' : '::endgroup::'))
  const parts = line.replace(/\r+$/, '').split('\r')
  const text = parts.at(-1) ?? ''
  // What an open line ends with decides what its next chunk writes over. Colours set before the return are still on.
  return (
    (parts.length > 1 ? colourAtEnd(parts.slice(0, -1).join('')) : '') +
    text +
    (isLast && line.endsWith('\r') ? '\r' : '')
  )
}

/** Not inside a character, nor inside a colour code. */
function safeCut(text: string, max: number): number {
  const escape = text.lastIndexOf('\u001b', max - 1)
  // oxlint-disable-next-line no-control-regex -- a colour code that has only begun
  if (escape > 0 && /^\u001b(?:\[[\d;:]*)?$/.test(text.slice(escape, max))) return escape
  const code = text.charCodeAt(max - 1)
  return code >= 0xd800 && code <= 0xdbff ? max - 1 : max
}

/** The colours in force at the end of a text, as one code: it stays short, however many there were. */
function colourAtEnd(text: string): string {
  if (!text.includes('\u001b')) return ''
  const on = new Map<string, string>()
  for (const [code] of text.matchAll(colours)) {
    const parts = code.slice(2, -1).split(';')
    for (let i = 0; i < parts.length; i++) {
      const n = Number(parts[i])
      const kind = kindOf(n)
      // One of 256 colours, or any: the numbers that follow are its own.
      const more = n === 38 || n === 48 ? (parts[i + 1] === '5' ? 2 : parts[i + 1] === '2' ? 4 : 0) : 0
      if (n === 0) on.clear()
      else if (n === 22) for (const each of ['1', '2']) on.delete(each)
      else if (n > 22 && n < 30) on.delete(String(n - 20))
      else if (n === 39 || n === 49) on.delete(n === 39 ? 'text' : 'ground')
      else if (kind !== undefined) on.set(kind, parts.slice(i, i + 1 + more).join(';'))
      i += more
    }
  }
  return on.size === 0 ? '' : `\u001b[${[...on.values()].join(';')}m`
}

/** What a code sets: the colour of the text, that of its ground, or one of the nine ways of showing it. */
function kindOf(n: number): string | undefined {
  if (n >= 1 && n <= 9) return String(n)
  if ((n >= 30 && n <= 38) || (n >= 90 && n <= 97)) return 'text'
  return (n >= 40 && n <= 48) || (n >= 100 && n <= 107) ? 'ground' : undefined
}
