import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { signalEach } from './process-tree.ts'

/**
 * Control groups that bound the number of processes. Root needs one: Linux does not apply RLIMIT_NPROC to root, not
 * even in a user namespace (measured: 120 processes ran under a limit of 64).
 */
export type ProcessGroups = {
  /** A new group; a process joins by writing its pid to `procsFile`. `end` ends what is left in it, and removes it. */
  create(procs: number): { procsFile: string; resize: (procs: number) => void; end: () => void }
}

const hierarchies = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'] // version 1, then version 2
let made = 0

/** The first hierarchy where groups can be made, or undefined: not root, or a container without writable groups. */
export function openProcessGroups(candidates: readonly string[] = hierarchies): ProcessGroups | undefined {
  for (const parent of candidates) {
    removeLeftovers(parent)
    const create = (procs: number) => createIn(parent, procs)
    try {
      create(1).end()
      return { create }
    } catch {
      continue // this hierarchy cannot be used: try the next one
    }
  }
  return undefined
}

function createIn(parent: string, procs: number) {
  const group = join(parent, `tandem-${process.pid}-${++made}`)
  const pidsMax = join(group, 'pids.max')
  mkdirSync(group)
  try {
    statSync(pidsMax) // absent on version 2 where the parent does not hand the controller on
    writeFileSync(pidsMax, String(procs))
  } catch (cause) {
    rmdirSync(group)
    throw cause
  }
  return {
    procsFile: join(group, 'cgroup.procs'),
    resize: (most: number) => writeFileSync(pidsMax, String(most)),
    end: () => {
      endAllIn(group)
      removeGroup(group)
    },
  }
}

/** Mostly there is nothing. What forks meanwhile is seen by the next look; there is an end to that, since it is bounded. */
function endAllIn(group: string): void {
  for (let looks = 0; looks < maxLooks; looks++) {
    const pids = pidsIn(group)
    if (pids.length === 0) return
    signalEach(pids, 'SIGKILL')
  }
}
const maxLooks = 50

function pidsIn(group: string): number[] {
  try {
    const lines = readFileSync(join(group, 'cgroup.procs'), 'latin1').split('\n')
    return lines.map(Number).filter((pid) => pid > 1)
  } catch {
    return [] // it is gone
  }
}

/** A killed daemon leaves its groups behind, empty. */
function removeLeftovers(parent: string): void {
  try {
    for (const name of readdirSync(parent)) {
      const owner = /^tandem-(\d+)-\d+$/.exec(name)?.[1]
      if (owner !== undefined && !isAlive(Number(owner))) removeGroup(join(parent, name))
    }
  } catch {
    // No such hierarchy here.
  }
}

/** Groups that could not be removed yet, because processes in them were just dying. */
const busy = new Set<string>()

/** Removes a group, and those that were busy when their turn came. */
function removeGroup(group: string): void {
  for (const each of [...busy, group]) {
    busy.delete(each)
    try {
      rmdirSync(each)
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'EBUSY') busy.add(each)
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'EPERM'
  }
}
