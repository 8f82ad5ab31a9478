/** Whether a rule of the policy speaks of a command: word by word, a last `*` for any further ones. */
export function matches(rule: string, words: readonly (string | undefined)[]): boolean {
  const wanted = rule.trim().split(/\s+/)
  const open = wanted.at(-1) === '*'
  const fixed = open ? wanted.slice(0, -1) : wanted
  if (open ? words.length < fixed.length : words.length !== fixed.length) return false
  return fixed.every((word, i) => (word.endsWith('*') ? words[i]?.startsWith(word.slice(0, -1)) : words[i] === word))
}
