/** Where a string stands in the arguments: `['edits', 0, 'newText']`. */
export type FieldPath = readonly (string | number)[]

type Level = { kind: 'object' | 'array'; key: string | number; isKeyNext: boolean }

const escapes: Partial<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }

/** Deeper than this nothing is told: whoever sends it is answered once it is whole. */
const maxDepth = 32

/**
 * Reads arguments that arrive in pieces and tells of each string in them as it grows: every letter is looked at once,
 * however small the pieces. It judges nothing: whether it is JSON at all is found out when it is whole.
 */
export function createStringFields(onText: (path: FieldPath, text: string) => void) {
  const levels: Level[] = []
  let state: 'between' | 'string' | 'escape' | 'unicode' = 'between'
  let isKey = false
  let key = ''
  let code = ''
  let text = ''
  const isTooDeep = () => levels.length > maxDepth
  const flush = () => {
    if (text !== '' && !isKey && !isTooDeep())
      onText(
        levels.map((level) => level.key),
        text,
      )
    text = ''
  }
  const add = (letter: string) => {
    if (isKey) key += letter
    else text += letter
  }
  const between = (letter: string) => {
    const top = levels.at(-1)
    if (letter === '"') {
      isKey = top?.kind === 'object' && top.isKeyNext
      key = ''
      state = 'string'
    } else if (letter === '{') levels.push({ kind: 'object', key: '', isKeyNext: true })
    else if (letter === '[') levels.push({ kind: 'array', key: 0, isKeyNext: false })
    else if (letter === '}' || letter === ']') levels.pop()
    else if (letter === ',' && top) {
      if (top.kind === 'object') top.isKeyNext = true
      else top.key = Number(top.key) + 1
    }
  }
  const endString = () => {
    const top = levels.at(-1)
    if (isKey && top) {
      top.key = key
      top.isKeyNext = false
    } else flush()
    state = 'between'
  }
  return (piece: string): void => {
    for (let i = 0; i < piece.length; i++) {
      const letter = piece.charAt(i)
      if (state === 'between') between(letter)
      else if (state === 'string') {
        if (letter === '"') endString()
        else if (letter === '\\') state = 'escape'
        else add(letter)
      } else if (state === 'escape') {
        state = letter === 'u' ? 'unicode' : 'string'
        code = ''
        if (letter !== 'u') add(escapes[letter] ?? letter)
      } else {
        code += letter
        if (code.length < 4) continue
        const unit = Number.parseInt(code, 16)
        add(Number.isNaN(unit) ? '\ufffd' : String.fromCharCode(unit))
        state = 'string'
      }
    }
    // Half of a letter of two units waits for the other.
    const last = text.charCodeAt(text.length - 1)
    if (last >= 0xd800 && last <= 0xdbff) {
      const half = text.slice(-1)
      text = text.slice(0, -1)
      flush()
      text = half
    } else flush()
  }
}
