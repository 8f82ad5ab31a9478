import type { Terminal } from '@xterm/xterm'
import { copy } from '../../ui/copy.ts'

/**
 * Keys that the program does not get: F6 leaves the terminal, as it leaves every region; Ctrl+Shift+C copies what is
 * selected and Ctrl+Shift+V pastes, since Ctrl+C and Ctrl+V are the program's. Everything else is, Escape and Tab too.
 */
export function reserveKeys(terminal: Terminal): void {
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.key === 'F6' && !event.ctrlKey && !event.altKey && !event.metaKey) return false
    if (!event.ctrlKey || !event.shiftKey || event.altKey || event.metaKey) return true
    // The browser pastes.
    if (event.code === 'KeyV') return false
    if (event.code !== 'KeyC') return true
    event.preventDefault()
    if (event.type === 'keydown' && terminal.hasSelection())
      void copy(terminal.getSelection(), 'Copied what is selected.')
    return false
  })
}

/**
 * Pastes as one piece, which a program that asks for it can tell from typing. Nothing in it can end that piece early, be it
 * by an escape sequence or by what interrupts the program: control characters are shown, not acted on.
 */
export function pasteSafely(terminal: Terminal, element: HTMLElement): () => void {
  const onPaste = (event: ClipboardEvent) => {
    event.preventDefault()
    event.stopPropagation()
    const text = event.clipboardData?.getData('text/plain') ?? ''
    if (text !== '') terminal.paste(shown(text))
  }
  element.addEventListener('paste', onPaste, { capture: true })
  return () => element.removeEventListener('paste', onPaste, { capture: true })
}

/** Control characters as pictures of themselves, but for tabs and line ends. */
const shown = (text: string) =>
  // oxlint-disable-next-line no-control-regex -- They are what is looked for.
  text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, (control) => {
    const code = control.charCodeAt(0)
    return code < 32 ? String.fromCharCode(0x2400 + code) : code === 127 ? '\u2421' : '\ufffd'
  })
