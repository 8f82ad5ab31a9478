import { readFileSync, readdirSync } from 'node:fs'

/** The processes below one, itself left out, with their command lines. Linux alone: it reads /proc. */
export function processesBelow(root: number): { pid: number; command: string }[] {
  const parents = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const parent = parentOf(pid)
    if (parent !== undefined) parents.set(parent, [...(parents.get(parent) ?? []), pid])
  }
  const found: number[] = []
  const walk = (pid: number) => {
    for (const child of parents.get(pid) ?? []) {
      found.push(child)
      walk(child)
    }
  }
  walk(root)
  return found.map((pid) => ({ pid, command: commandOf(pid) }))
}

export function isAlive(pid: number): boolean {
  // A dead child that nobody has asked about yet still has its number: it is no process any more.
  return stateOf(pid) !== undefined && stateOf(pid) !== 'Z'
}

const stat = (pid: number): string[] | undefined => {
  if (!Number.isInteger(pid)) return undefined
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return line.slice(line.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined // it has ended
  }
}
const stateOf = (pid: number) => stat(pid)?.[0]
const parentOf = (pid: number) => {
  const parent = stat(pid)?.[1]
  return parent === undefined ? undefined : Number(parent)
}
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}
