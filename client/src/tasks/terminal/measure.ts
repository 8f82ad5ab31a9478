import type { TerminalSize } from '@tandem/shared'

type Box = { width: number; height: number }

/** In CSS pixels. */
export const usualFontSize = 13
/** Below it nobody reads: a terminal that is still too large is scrolled. */
const leastFontSize = 8

/** How many characters of the usual size fit into a view. `cell`: how large one is. */
export const sizeThatFits = (view: Box, cell: Box): TerminalSize => ({
  cols: within(2, Math.floor(view.width / cell.width), 500),
  rows: within(2, Math.floor(view.height / cell.height), 300),
})

/**
 * The font, in half pixels up to the usual, in which a terminal of this size is seen whole; where that could not be read,
 * one in which its lines are: it is scrolled then.
 */
export function fontSizeFor(size: TerminalSize, view: Box, cell: Box): number {
  const [wide, high] = [view.width / (size.cols * cell.width), view.height / (size.rows * cell.height)]
  const whole = pixels(Math.min(wide, high))
  return whole >= leastFontSize ? whole : Math.max(leastFontSize, pixels(wide))
}

const pixels = (part: number) => Math.floor(Math.min(1, part) * usualFontSize * 2) / 2
const within = (least: number, value: number, most: number) => Math.max(least, Math.min(most, value))
