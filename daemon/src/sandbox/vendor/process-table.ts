import { execFile } from 'node:child_process'
import { z } from 'zod'

/** One process, by what tells it from a later one of the same number. */
export type Listed = {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly memoryKb: number
  readonly since: string
}

const Row = z.tuple([z.coerce.number(), z.coerce.number(), z.coerce.number(), z.coerce.number(), z.string()])

/** All processes of the machine, as every Unix lists them. Empty where that fails. */
export const listProcesses = (): Promise<Listed[]> =>
  new Promise((resolve) => {
    const options = { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, maxBuffer: 16 * 2 ** 20, timeout: 5_000 }
    execFile('/bin/ps', ['-A', '-o', 'pid=,ppid=,pgid=,rss=,lstart='], options, (_, stdout) =>
      resolve(
        stdout.split('\n').flatMap((line) => {
          const [, ...fields] = /^ *(\d+) +(\d+) +(\d+) +(\d+) +(.+)$/.exec(line) ?? []
          const row = Row.safeParse(fields)
          if (!row.success) return []
          const [pid, parent, group, memoryKb, since] = row.data
          return [{ pid, parent, group, memoryKb, since }]
        }),
      ),
    )
  })

/**
 * Those that belong to a command: what it started, all of its group, and whoever was known as one before and is still there, though its
 * parent may be gone. `known` grows by them. Without `root`, whose number may be another's by now, only those who were known.
 */
export function familyOf(root: number | undefined, all: readonly Listed[], known: Map<number, string>): Listed[] {
  const family = new Map<number, Listed>()
  for (const each of all)
    if ((root !== undefined && (each.pid === root || each.group === root)) || known.get(each.pid) === each.since)
      family.set(each.pid, each)
  for (let size = -1; size !== family.size;) {
    size = family.size
    for (const each of all) if (family.has(each.parent)) family.set(each.pid, each)
  }
  for (const { pid, since } of family.values()) known.set(pid, since)
  return [...family.values()]
}
