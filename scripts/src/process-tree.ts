import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

type Row = { pid: number; parent: number }

/** The ids of all processes below this one, children before grandchildren. */
export function processesBelow(root: number): number[] {
  const children = Map.groupBy(process.platform === 'linux' ? rowsOfProc() : rowsOfPs(), ({ parent }) => parent)
  const below = (pid: number): number[] => (children.get(pid) ?? []).flatMap((each) => [each.pid, ...below(each.pid)])
  return below(root)
}

/** Without `ps`, which small installations lack. */
function rowsOfProc(): Row[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        // `pid (name, which may hold anything) state parent ...`
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        return [{ pid: Number(pid), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }]
      } catch {
        return [] // it ended while we looked
      }
    })
}

function rowsOfPs(): Row[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
  return table.split('\n').flatMap((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number)
    return pid && parent ? [{ pid, parent }] : []
  })
}
