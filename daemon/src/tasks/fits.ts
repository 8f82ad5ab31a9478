/**
 * Whether a name fits a pattern of letters, `*` (any of them) and `?` (one). What begins with a dot has to be named so.
 * No pattern takes longer than its length for each letter of the name, whoever made either.
 */
export function fits(name: string, pattern: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false
  let [at, next] = [0, 0]
  /** Where to go on when what follows the last star does not fit: it takes one letter more. */
  let star: { at: number; next: number } | undefined
  while (at < name.length) {
    if (pattern[next] === '*') star = { at, next: ++next }
    else if (pattern[next] === '?' || pattern[next] === name[at]) [at, next] = [at + 1, next + 1]
    else if (star) [at, next] = [++star.at, star.next]
    else return false
  }
  while (pattern[next] === '*') next++
  return next === pattern.length
}
