/** Bytes that are no text, `size` of them; another seed makes others. */
export function binary(size: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4))
  // Little-endian or big, each word has a NUL.
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + seed, 2_654_435_761) & 0x00ffff00
  return new Uint8Array(words.buffer, 0, size)
}
