import type { ITheme } from '@xterm/xterm'

/** The colours of the product for a program's sixteen: the quiet ones of the output, on the same paper. */
const tokens = {
  background: 'surface',
  foreground: 'ink',
  cursor: 'ink',
  cursorAccent: 'surface',
  red: 'bad',
  green: 'ok',
  yellow: 'warn',
  blue: 'agent-3',
  magenta: 'agent-4',
  cyan: 'agent-2',
  brightBlack: 'ink-3',
  brightRed: 'bad',
  brightGreen: 'ok',
  brightYellow: 'warn',
  brightBlue: 'agent-3',
  brightMagenta: 'agent-4',
  brightCyan: 'agent-2',
} as const satisfies ITheme
/** Black and white are ink and paper, whichever of them is the dark one. */
const inDark = { black: 'hover', white: 'ink-2', brightWhite: 'ink' } as const
const inLight = { black: 'ink', white: 'line-strong', brightWhite: 'surface' } as const

/** A terminal's colours, as they are now. */
export function terminalTheme(theme: 'dark' | 'light'): ITheme {
  const style = getComputedStyle(document.documentElement)
  const all = { ...tokens, ...(theme === 'dark' ? inDark : inLight) }
  const valueOf = (token: string) => style.getPropertyValue(`--${token}`).trim()
  return {
    ...Object.fromEntries(Object.entries(all).map(([name, token]) => [name, valueOf(token)])),
    selectionBackground: `${valueOf('focus')}55`,
    scrollbarSliderBackground: `${valueOf('control')}66`,
    scrollbarSliderHoverBackground: `${valueOf('control')}99`,
    scrollbarSliderActiveBackground: `${valueOf('control')}cc`,
  }
}
