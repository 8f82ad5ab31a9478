/** At most so many hosts are asked for with one task. */
const maxHosts = 32
/** A host as a task names it: a name, `*.name`, either with a port, or `@npm`. */
const host = /^(@npm|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*(:\d{1,5})?)$/

/** Hosts as somebody typed them, with spaces or commas between; each once. */
export const hostsIn = (text: string): readonly string[] => [
  ...new Set(
    text
      .toLowerCase()
      .split(/[\s,]+/)
      .filter(Boolean),
  ),
]

/** What of that is wrong, in words; undefined where all are hosts, or nothing is typed yet. */
export function noHostIn(text: string): string | undefined {
  const all = hostsIn(text)
  const wrong = all.find((each) => !host.test(each))
  if (wrong !== undefined)
    return `${wrong.slice(0, 60)} is no host: a name, such as example.org or example.org:8080, or @npm`
  return all.length > maxHosts ? `At most ${maxHosts} hosts are asked for at once` : undefined
}

/** What of the hosts that were refused can be asked for: not what was asked for already, the ports of the web left out. */
export const hostsToAskFor = (refused: readonly string[], asked: readonly string[]): readonly string[] =>
  [...new Set(refused.map((each) => each.toLowerCase().replace(/:(443|80)$/, '')))]
    .filter((each) => host.test(each) && !asked.includes(each))
    .slice(0, maxHosts - asked.length)
