import Anser from 'anser'
import { webLinks, type WebLink } from './web-address.ts'
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

/** One row with its colours, its web addresses as links, and what was searched for marked in it. */
export function AnsiLine({ text, marks = [] }: { text: string; marks?: readonly Mark[] }) {
  const spans = spansOf(text)
  const links = text.includes('://') ? webLinks(spans.map((span) => span.text).join('')) : []
  if (marks.length + links.length === 0 && spans.length === 1 && spans[0]?.className === '') return <>{spans[0].text}</>
  return cutAtLinks(cutAtMarks(spans, marks), links).map(({ text, className, color, mark, href }, i) => {
    const shown = mark ? <mark data-current={mark.isCurrent || undefined}>{text}</mark> : text
    return (
      <span key={i} className={className || undefined} style={color === undefined ? undefined : { color }}>
        {href === undefined ? (
          shown
        ) : (
          <a href={href} target="_blank" rel="noopener noreferrer">
            {shown}
          </a>
        )}
      </span>
    )
  })
}

type Piece = Span & { mark: Mark | undefined }

/** Pieces cut where a link begins or ends; links are in order and apart. */
export function cutAtLinks(
  pieces: readonly Piece[],
  links: readonly WebLink[],
): (Piece & { href: string | undefined })[] {
  let at = 0
  return pieces.flatMap((piece) => {
    const [from, to] = [at, (at += piece.text.length)]
    const edges = links.flatMap((link) => [link.from, link.to]).filter((edge) => edge > from && edge < to)
    return [from, ...edges].map((start, i) => ({
      ...piece,
      text: piece.text.slice(start - from, (edges[i] ?? to) - from),
      href: links.find((link) => link.from <= start && start < link.to)?.href,
    }))
  })
}

/** Spans cut where a mark begins or ends; marks are in order and apart. */
export function cutAtMarks(spans: readonly Span[], marks: readonly Mark[]): Piece[] {
  const cut: Piece[] = []
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
