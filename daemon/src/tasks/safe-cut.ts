const escape = 0x1b
/** Longer than any sequence a program means seriously: beyond it, what looks like one is cut like text. */
const longestSequence = 512

/**
 * The largest length up to `max` at which these bytes may be cut: neither inside a UTF-8 character nor inside an escape
 * sequence, so that each piece can be decoded by itself. Zero where only more bytes would tell.
 */
export function safeCut(bytes: Uint8Array, max: number): number {
  const end = Math.min(bytes.length, max)
  const beforeSequence = openSequenceStart(bytes, end)
  if (beforeSequence >= 0) return beforeSequence
  const beforeCharacter = openCharacterStart(bytes, end)
  return beforeCharacter >= 0 ? beforeCharacter : end
}

/** Where the character begins that is not complete before `end`; -1 where none is open, or the bytes are no UTF-8. */
function openCharacterStart(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back]!
    if ((byte & 0xc0) === 0x80) continue
    const length = byte >= 0xf8 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? end - back : -1
  }
  return -1
}

/** Where the escape sequence begins that is not complete before `end`; -1 where none is open. */
function openSequenceStart(bytes: Uint8Array, end: number): number {
  const start = bytes.lastIndexOf(escape, end - 1)
  if (start < 0 || end - start > longestSequence) return -1
  // ESC \ ends the sequence that an earlier ESC began; an ESC as the very last byte may begin either.
  if (start === end - 1) return startOfString(bytes, start) ?? start
  const kind = bytes[start + 1]!
  if (kind === 0x5b) return hasFinalByte(bytes, start + 2, end) ? -1 : start // ESC [ … final byte
  if (isStringIntroducer(kind)) return bytes.subarray(start, end).includes(0x07) ? -1 : start
  if (kind >= 0x20 && kind <= 0x2f) return hasIntermediateEnd(bytes, start + 2, end) ? -1 : start // such as ESC ( B
  return -1
}

/** ESC ] P X ^ _ begin a string that ends with BEL or ESC \. */
const isStringIntroducer = (byte: number): boolean => [0x5d, 0x50, 0x58, 0x5e, 0x5f].includes(byte)

function startOfString(bytes: Uint8Array, terminator: number): number | undefined {
  const start = terminator > 0 ? bytes.lastIndexOf(escape, terminator - 1) : -1
  const isOpen = start >= 0 && terminator - start < longestSequence && isStringIntroducer(bytes[start + 1]!)
  return isOpen && !bytes.subarray(start, terminator).includes(0x07) ? start : undefined
}

const hasFinalByte = (bytes: Uint8Array, from: number, end: number): boolean =>
  bytes.subarray(from, end).some((byte) => byte < 0x20 || byte >= 0x40)

const hasIntermediateEnd = (bytes: Uint8Array, from: number, end: number): boolean =>
  bytes.subarray(from, end).some((byte) => byte < 0x20 || byte >= 0x30)
