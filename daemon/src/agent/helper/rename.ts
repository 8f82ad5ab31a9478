type Edit = { readonly oldText: string; readonly newText: string; readonly replaceAll?: boolean }

/** What may stand in a name, in most languages. */
const inName = /[\p{L}\p{N}_$]/u

/**
 * The edits that give a name another wherever it stands alone in a text: each with as many letters around it as make it
 * the only such place. Names that are near share an edit, as two of them must not overlap.
 */
export function renameIn(text: string, name: string, to: string): readonly Edit[] {
  const places: Place[] = []
  let all = 0
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + name.length)) {
    all++
    const isAlone = !inName.test(text.charAt(at - 1)) && !inName.test(text.charAt(at + name.length))
    if (isAlone) places.push({ from: at, end: at + name.length })
  }
  // Nothing has to be told apart.
  if (places.length === all) return all === 0 ? [] : [{ oldText: name, newText: to, replaceAll: true }]
  const grown = merged(places.map((place) => unique(text, place)))
  return grown.map(({ from, end }) => {
    const inside = places.filter((place) => place.from >= from && place.end <= end)
    let newText = ''
    let at = from
    for (const place of inside) {
      newText += text.slice(at, place.from) + to
      at = place.end
    }
    return { oldText: text.slice(from, end), newText: newText + text.slice(at, end) }
  })
}

type Place = { readonly from: number; readonly end: number }

/** Grows by lines, then by twice as many, until there is no other such place. */
function unique(text: string, { from, end }: Place): Place {
  for (let lines = 0; ; lines = lines * 2 + 1) {
    const place = { from: lineStart(text, from, lines), end: lineEnd(text, end, lines) }
    const part = text.slice(place.from, place.end)
    if (text.indexOf(part) === text.lastIndexOf(part)) return place
  }
}

function lineStart(text: string, at: number, lines: number): number {
  let start = at
  for (let i = 0; i <= lines && start > 0; i++) start = text.lastIndexOf('\n', start - 1)
  return start < 0 ? 0 : start === 0 && text.charAt(0) !== '\n' ? 0 : start + 1
}

function lineEnd(text: string, at: number, lines: number): number {
  let end = at - 1
  for (let i = 0; i <= lines; i++) {
    const next = text.indexOf('\n', end + 1)
    if (next === -1) return text.length
    end = next
  }
  return end
}

/** In order, those that overlap or touch as one. */
function merged(places: readonly Place[]): Place[] {
  const result: Place[] = []
  for (const place of places.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1)
    if (last && place.from <= last.end)
      result[result.length - 1] = { from: last.from, end: Math.max(last.end, place.end) }
    else result.push(place)
  }
  return result
}
