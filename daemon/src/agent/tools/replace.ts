import { placesOf, likeliest } from './match.ts'
import { lineAt, showAround } from './show-lines.ts'

export type Replacement = { oldText: string; newText: string; replaceAll: boolean }

/** So many line numbers are named. */
const maxNamed = 20

/**
 * What becomes of a text by these replacements, each made in what the one before it left: all of them, or, in words that
 * show the text as it is, why not.
 */
export function replaceIn(text: string, edits: readonly Replacement[]): { text: string } | { error: string } {
  let now = text
  for (const [n, edit] of edits.entries()) {
    const which = edits.length > 1 ? `edit ${n + 1}: ` : ''
    const [oldText, newText] = [lineFeeds(edit.oldText), lineFeeds(edit.newText)]
    if (oldText === '') return { error: `${which}oldText is empty: say what is to be replaced` }
    const places = placesOf(now, oldText, newText)
    const [first] = places
    if (!first) return { error: `${which}${notFound(now, oldText)}` }
    if (places.length > 1 && !edit.replaceAll) {
      const lines = places.map(({ at }) => lineAt(now, at))
      const named = lines.slice(0, maxNamed).join(', ') + (lines.length > maxNamed ? ', …' : '')
      return {
        error: `${which}oldText is there ${places.length} times, at lines ${named}. Nothing was changed: add lines around the one you mean, or say replaceAll.\n${showAround(now, lines.slice(0, 3))}`,
      }
    }
    let out = ''
    let from = 0
    for (const { at, length, newText: words } of places) {
      out += now.slice(from, at) + words
      from = at + length
    }
    now = out + now.slice(from)
  }
  return now === text ? { error: 'nothing would change: oldText and newText are the same' } : { text: now }
}

const lineFeeds = (text: string) => text.replaceAll(/\r\n?/g, '\n')

function notFound(text: string, oldText: string): string {
  const lines = likeliest(text, oldText)
  const said = 'oldText is not in the file. Nothing was changed.'
  if (lines.length === 0) return `${said} No line of it is like it; read the file again.`
  const named = lines.length > 1 ? `lines ${lines.join(', ')} come` : `line ${lines[0]} comes`
  return `${said} As the file is now, ${named} closest:\n${showAround(text, lines)}`
}
