/** The one smallest replacement that turns `have` into `want`: cut `[from, to)` of `have`, put `text`. */
export function minimalEdit(have: string, want: string): { from: number; to: number; text: string } {
  const shorter = Math.min(want.length, have.length)
  let head = 0
  while (head < shorter && want[head] === have[head]) head++
  let tail = 0
  while (tail < shorter - head && want[want.length - 1 - tail] === have[have.length - 1 - tail]) tail++
  // Monaco holds any place behind a high surrogate, also a lone one, to be inside a character, and moves such an end.
  while (head > 0 && isHighSurrogate(have.charCodeAt(head - 1))) head--
  while (tail > 0 && isHighSurrogate(have.charCodeAt(have.length - tail - 1))) tail--
  return { from: head, to: have.length - tail, text: want.slice(head, want.length - tail) }
}

const isHighSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdbff
