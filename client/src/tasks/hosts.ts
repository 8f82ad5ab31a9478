/** At most so many hosts are asked for with one task. */
const maxHosts = 32
/** A host as a task names it: a name, `*.name`, either with a port, or `@npm`. */
const host = /^(@npm|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*(:\d{1,5})?)$/

/** What of the hosts that were refused can be asked for: not what was asked for already, the ports of the web left out. */
export const hostsToAskFor = (refused: readonly string[], asked: readonly string[]): readonly string[] =>
  [...new Set(refused.map((each) => each.toLowerCase().replace(/:(443|80)$/, '')))]
    .filter((each) => host.test(each) && !asked.includes(each))
    .slice(0, maxHosts - asked.length)
