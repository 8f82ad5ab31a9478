import type { History } from './history.ts'
import { simulate } from './simulate.ts'

/** What nobody needs who looks for a mistake in what was said. */
const noise =
  /"(?:mono|serverTime|protocol|capabilities|workspaceIds|leaseMs|executor|cwd|shell|tail)":(?:\[[^\]]*\]|"[^"]*"|[\d.e+]+|\w+),?/g
const ids = /\b[0-9A-HJKMNP-TV-Z]{26}\b/g

/**
 * Carries a history out again that went wrong, and tells it as a person can read it: what was done to whom, what began,
 * and all that was said of the tasks with which something is wrong.
 */
export async function retold(history: History): Promise<string> {
  const lines: string[] = []
  const { wrong } = await simulate(history, (line) => lines.push(line))
  const broken = new Set(wrong.flatMap((what) => what.match(ids) ?? []))
  const isToTheMatter = (line: string) => !/^\S+ {3}/.test(line) || (line.match(ids) ?? []).some((id) => broken.has(id))
  const names = new Map<string, string>()
  const nameOf = (id: string) => {
    const name = names.get(id) ?? `#${names.size + 1}`
    names.set(id, name)
    return name
  }
  return [...wrong, ...lines.filter(isToTheMatter)]
    .map((line) => line.replaceAll(noise, '').replaceAll(ids, nameOf).replaceAll('"', ''))
    .join('\n')
}
