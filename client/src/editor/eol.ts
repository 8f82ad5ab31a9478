import type * as Y from 'yjs'

/** What the transactions of `normaliseEol` carry. */
export const eolOrigin = 'eol'

/**
 * Takes carriage returns out of a shared text. A `\r\n` loses only its `\r`, so two peers that do it at once agree; a
 * lone `\r` becomes `\n`. The file's own line ends are kept in its facts, for the daemon to write back.
 */
export function normaliseEol(text: Y.Text): void {
  const raw = text.toString()
  if (!raw.includes('\r')) return
  text.doc?.transact(() => {
    for (const match of [...raw.matchAll(/\r\n?/g)].reverse()) {
      text.delete(match.index, 1)
      if (match[0] === '\r') text.insert(match.index, '\n')
    }
  }, eolOrigin)
}
