import { readFileSync, readdirSync } from 'node:fs'

/** The pids below `root`, itself included, parents first. Empty where it has ended. Linux alone. */
export function processTree(root: number): number[] {
  const pids = [root]
  for (const pid of pids) pids.push(...childrenOf(pid))
  return pids
}

/** Sends a signal to each (a negative one: to its whole group); what has just ended is what was wanted. */
export function signalEach(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // It has ended.
    }
  }
}

/**
 * Asks processes to end. At a terminal, those that do not hear of it, as an interactive shell does not, are told besides
 * that their terminal is gone.
 */
export function askToEnd(pids: readonly number[], atTerminal: boolean): void {
  const deaf = atTerminal ? pids.filter(ignoresTerm) : []
  signalEach(pids, 'SIGTERM')
  signalEach(deaf, 'SIGHUP')
  // One that was stopped hears nothing before it goes on.
  signalEach(pids, 'SIGCONT')
}

const termBit = 1 << (15 - 1)
function ignoresTerm(pid: number): boolean {
  const ignored = /^SigIgn:\s+([\da-f]+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? '0'
  return (Number(`0x${ignored.slice(-8)}`) & termBit) !== 0
}

/** Memory that would come free if these processes ended, in bytes: the shared text of programs is not counted. */
export function memoryOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + ownMemory(pid), 0)
}

const ownMemory = (pid: number): number => {
  const status = read(`/proc/${pid}/status`)
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
  return (kilobytes('RssAnon') + kilobytes('RssShmem')) * 1024
}

/** A process's threads each have children of their own. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return [] // it ended while we looked
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // it ended while we looked
  }
}
