import Anser from 'anser'
import styles from './tasks.module.css'

export type Span = { text: string; className: string; color: string | undefined }
/** Characters of a row that are marked: from, to, and whether it is the one that was gone to. */
export type Mark = { from: number; to: number; isCurrent: boolean }

/** A row's text with colour codes as spans. Ours, not the program's: the sixteen names map to the theme, anything finer is kept. */
export function spansOf(text: string): Span[] {
  if (!text.includes('\u001b')) return [{ text, className: '', color: undefined }]
  return Anser.ansiToJson(text, { json: true, remove_empty: true, use_classes: true }).map((part) => {
    const names = [nameOf(part.fg), part.bg && `on_${nameOf(part.bg)}`, ...part.decorations]
    const finer = part.fg_truecolor ?? paletteColour(part.fg)
    return {
      text: part.content,
      className: names
        .map((name) => (name ? styles[name] : undefined))
        .filter(Boolean)
        .join(' '),
      color: finer ? `rgb(${finer})` : undefined,
    }
  })
}

const nameOf = (name: string | null) => name?.replace('ansi-', '').replaceAll('-', '_')

/** One of the 256 colours of a terminal, beyond the sixteen: a cube of six levels each, then greys. */
function paletteColour(name: string | null): string | undefined {
  const n = Number(/^ansi-palette-(\d+)$/.exec(name ?? '')?.[1] ?? 0)
  if (n < 16) return undefined
  if (n >= 232) return Array.from({ length: 3 }, () => 8 + (n - 232) * 10).join()
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40)
  return [Math.floor((n - 16) / 36), Math.floor((n - 16) / 6) % 6, (n - 16) % 6].map(level).join()
}

/** One row with its colours, and what was searched for marked in it. */
export function AnsiLine({ text, marks = [] }: { text: string; marks?: readonly Mark[] }) {
  const spans = spansOf(text)
  if (marks.length === 0 && spans.length === 1 && spans[0]?.className === '') return <>{spans[0].text}</>
  return cutAtMarks(spans, marks).map(({ text, className, color, mark }, i) => (
    <span key={i} className={className || undefined} style={color === undefined ? undefined : { color }}>
      {mark ? <mark data-current={mark.isCurrent || undefined}>{text}</mark> : text}
    </span>
  ))
}

/** Spans cut where a mark begins or ends; marks are in order and apart. */
export function cutAtMarks(spans: readonly Span[], marks: readonly Mark[]): (Span & { mark: Mark | undefined })[] {
  const cut: (Span & { mark: Mark | undefined })[] = []
  let at = 0
  let next = 0
  for (const span of spans) {
    let text = span.text
    while (text !== '') {
      while (marks[next] && (marks[next]?.to ?? 0) <= at) next++
      const mark = marks[next]
      const isIn = mark !== undefined && mark.from <= at
      const length = Math.min(text.length, mark === undefined ? text.length : (isIn ? mark.to : mark.from) - at)
      cut.push({ ...span, text: text.slice(0, length), mark: isIn ? mark : undefined })
      text = text.slice(length)
      at += length
    }
  }
  return cut
}
