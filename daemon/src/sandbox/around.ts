import { join } from 'node:path'
import { isFolder, insideWorkspace, limitsOf, neverStarted, type Machine } from './runner.ts'
import type { Command, CommandResult } from './command.ts'
import { createFolderIndex, type FolderIndex } from './folder-index.ts'
import { createGitGuard } from './git-guard.ts'
import type { Limits } from './limits.ts'
import { findProtectedPaths, type ProtectedPaths } from './protected.ts'
import { createQuarantine } from './quarantine.ts'
import { secretNames } from './secrets.ts'

/** What was found out before a command starts. `startedAt` is there where it may write. */
export type Begun = {
  readonly cwd: string
  readonly limits: Limits
  readonly protectedPaths: ProtectedPaths
  readonly startedAt: number | undefined
}

export type Around = {
  readonly index: FolderIndex
  /** Keeps in place what must be there to be held, until what is returned is called: for walls that outlast a command. */
  hold(): () => void
  /** Runs `work` between two looks at the folder; what a command left for others to run is set aside, whatever became of it. */
  run(command: Command, work: (begun: Begun) => Promise<CommandResult>): Promise<CommandResult>
}

/**
 * What is done before and after a command, for walls that are not ours: the same as for our own. Where they do not hold what
 * is protected, what was changed of it is set aside like what is new.
 */
export function createAround(
  machine: Pick<Machine, 'workspace' | 'identity' | 'limits' | 'protect' | 'hide' | 'log'>,
  { isHeld = true }: { isHeld?: boolean } = {},
): Around {
  const { workspace, identity, protect, log } = machine
  const index = createFolderIndex(secretNames(machine.hide))
  const quarantine = createQuarantine({ workspace, identity, index, log, isHeld })
  const guard = createGitGuard(workspace, identity)

  const watched: Around['run'] = async (command, work) => {
    const cwd = insideWorkspace(workspace, command.cwd)
    const limits = limitsOf(machine, command)
    const found = await index.find(workspace)
    const protectedPaths = findProtectedPaths(workspace, { protect, found })
    if (command.writable === false) return work({ cwd, limits, protectedPaths, startedAt: undefined })
    const { awaited, readOnly } = protectedPaths
    const known = [...readOnly, ...found.obeyed, ...found.repositories.filter((path) => !isFolder(path))]
    const id = command.id ?? `command-${Date.now()}`
    const looked = isHeld ? awaited : [...awaited, ...protect.map((path) => join(workspace, path))]
    const watch = await quarantine.begin(id, { known, repositories: found.repositories, awaited: looked })
    let result: CommandResult | undefined
    let quarantined: CommandResult['quarantined']
    try {
      result = await work({ cwd, limits, protectedPaths, startedAt: watch.startedAt })
    } finally {
      quarantined = await watch.end()
    }
    return quarantined ? { ...result, quarantined } : result
  }
  return {
    index,
    hold: guard.hold,
    run: async (command, work) => {
      if (command.signal?.aborted) return neverStarted()
      const release = guard.hold()
      try {
        return await watched(command, work)
      } finally {
        release()
      }
    },
  }
}
