import type { TerminalSize } from '@tandem/shared'
import { Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import type { Theme } from '../../ui/theme.ts'
import { webAddress } from '../web-address.ts'
import { pasteSafely, reserveKeys } from './keys.ts'
import { boundRepeats } from './repeats.ts'
import { fontSizeFor, sizeThatFits, usualFontSize } from './measure.ts'
import { terminalTheme } from './palette.ts'

/** Lines above the screen that can be scrolled back to. */
const scrollback = 5_000
/** As the terminal's own scrollbar. */
const scrollbarWidth = 14

export type Screen = ReturnType<typeof openScreen>

type ScreenOptions = {
  host: HTMLElement
  size: TerminalSize
  theme: Theme
  /** The address that a link under the pointer leads to. */
  onLink: (address: string | undefined) => void
}

/**
 * A terminal in the page. What a program may do to it is to draw, and to ask for bracketed paste or the mouse: its words
 * for the title, the clipboard or the window do nothing, and a link leads to the web only, and only when it is clicked.
 */
export function openScreen({ host, size, theme, onLink }: ScreenOptions) {
  const terminal = new Terminal({
    ...size,
    scrollback,
    fontFamily: "'JetBrains Mono Variable', ui-monospace, monospace",
    fontSize: usualFontSize,
    lineHeight: 1.2,
    // Programs choose colours for other paper than ours.
    minimumContrastRatio: 4.5,
    cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches,
    cursorInactiveStyle: 'outline',
    theme: terminalTheme(theme),
    linkHandler: {
      activate: (_event, address) => openAddress(address),
      hover: (_event, address) => onLink(webAddress(address)),
      leave: () => onLink(undefined),
    },
  })
  boundRepeats(terminal)
  terminal.open(host)
  reserveKeys(terminal)
  const stopPasting = pasteSafely(terminal, host)
  terminal.textarea?.setAttribute('aria-label', 'Terminal. F6 leaves it.')

  /** Where not all of it is seen, the line that is written to is. */
  let isLooking = false
  const keepCursorSeen = () => {
    if (isLooking) return
    isLooking = true
    requestAnimationFrame(() => {
      isLooking = false
      if (host.scrollHeight <= host.clientHeight) return
      const height = (host.querySelector('.xterm-screen')?.clientHeight ?? 0) / terminal.rows
      const top = terminal.buffer.active.cursorY * height
      if (top < host.scrollTop) host.scrollTop = top
      // With the padding below, where there is some.
      else if (top + height * 2 > host.scrollTop + host.clientHeight)
        host.scrollTop = top + height * 2 - host.clientHeight
    })
  }
  terminal.onCursorMove(keepCursorSeen)
  // What is drawn takes its new size a moment after it was asked to, and the view may have another.
  const sizes = new ResizeObserver(keepCursorSeen)
  for (const each of [host, host.querySelector('.xterm-screen')]) if (each) sizes.observe(each)

  /** How large a character of the usual size is, by what is drawn now. */
  const cell = () => {
    const drawn = host.querySelector('.xterm-screen')?.getBoundingClientRect()
    const scale = usualFontSize / (terminal.options.fontSize ?? usualFontSize)
    return {
      width: ((drawn?.width ?? 0) / terminal.cols) * scale,
      height: ((drawn?.height ?? 0) / terminal.rows) * scale,
    }
  }
  const view = () => {
    const { paddingLeft, paddingRight, paddingTop, paddingBottom } = getComputedStyle(host)
    return {
      width: host.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight) - scrollbarWidth,
      height: host.clientHeight - Number.parseFloat(paddingTop) - Number.parseFloat(paddingBottom),
    }
  }
  return {
    terminal,
    /** The size that fills the view in the usual font; undefined where nothing is drawn. */
    fits: (): TerminalSize | undefined => {
      const [of, within] = [cell(), view()]
      return of.width > 0 && within.width > 0 && within.height > 0 ? sizeThatFits(within, of) : undefined
    },
    /** Takes this size, in a font in which it is seen whole where that can be read. */
    show: (wanted: TerminalSize) => {
      const of = cell()
      if (of.width > 0) terminal.options.fontSize = fontSizeFor(wanted, view(), of)
      if (terminal.cols !== wanted.cols || terminal.rows !== wanted.rows) terminal.resize(wanted.cols, wanted.rows)
      keepCursorSeen()
    },
    setTheme: (theme: Theme) => {
      terminal.options.theme = terminalTheme(theme)
    },
    /** Whether a screen reader reads it, and whether anything can be typed. */
    allow: ({ isRead, mayType }: { isRead: boolean; mayType: boolean }) => {
      terminal.options.screenReaderMode = isRead
      terminal.options.disableStdin = !mayType
      terminal.options.cursorInactiveStyle = mayType ? 'outline' : 'none'
    },
    /** `done` is called once it has been read. */
    write: (data: Uint8Array | string, done: () => void): void => terminal.write(data, done),
    /** What a person types, or the terminal says by itself; the returned function ends it. */
    onData: (call: (data: string) => void): (() => void) => {
      const listening = terminal.onData(call)
      return () => listening.dispose()
    },
    close: () => {
      stopPasting()
      sizes.disconnect()
      terminal.dispose()
    },
  }
}

function openAddress(address: string): void {
  const href = webAddress(address)
  if (href !== undefined) window.open(href, '_blank', 'noopener,noreferrer')
}
