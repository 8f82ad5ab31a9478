/* eslint-disable no-control-regex -- control characters are what this file is about */

/** Colour and weight: the only escape sequence that passes. */
const colour = /^\x1b\[[0-9;:]{0,64}m$/

/**
 * Everything a terminal may take for more than text, longest first: control sequences, strings (title, clipboard,
 * hyperlink, device control) with their terminator, other escapes, then single control characters, 8-bit ones too, and
 * the marks that reorder text. An unterminated string, or one in which another begins, loses its beginning only: what
 * follows is shown, not hidden, and looked at once.
 */
const commands = new RegExp(
  [
    '(?:\\x1b\\[|\\x9b)[0-?]*[ -/]*[@-~]',
    '(?:\\x1b[\\]PX^_]|[\\x9d\\x90\\x98\\x9e\\x9f])[^\\x07\\x1b\\x90\\x98\\x9c-\\x9f]*(?:\\x07|\\x1b\\\\|\\x9c)',
    '\\x1b[ -/]*[0-~]',
    '[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]',
    '[\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]',
  ].join('|'),
  'g',
)

/**
 * Removes from a program's output all that could act on a terminal or deceive its reader, and keeps text, tabs, line
 * ends and colours. For output as it is shown or copied; what is stored stays as it was. Give it whole sequences: log
 * chunks never end inside one.
 */
export const keepColour = (text: string): string => text.replace(commands, (found) => (colour.test(found) ? found : ''))

/** The same without colours, for places that show plain text. */
export const plainText = (text: string): string => text.replace(commands, '')

/**
 * Every character that is not seen, or that moves others about, in the place of itself as `⟨U+202E⟩`: controls (but tab
 * and line end), marks that reorder, zero-width characters, blanks that are not the space. For what a person is to judge
 * exactly as it stands: there, nothing may be taken out either.
 */
export const visibleText = (text: string): string =>
  text.replace(unseen, (c) => `⟨U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`)

const unseen =
  /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu
