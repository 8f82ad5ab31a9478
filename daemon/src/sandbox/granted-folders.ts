import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import type { Command, CommandResult, Runner } from './command.ts'
import { createFolderIndex } from './folder-index.ts'
import { gitParts } from './obeyed.ts'
import { createQuarantine, type Quarantined } from './quarantine.ts'
import type { Machine } from './runner.ts'

type GrantedFolders = {
  /** Looks after the commands of a daemon that was killed. */
  recover(): Promise<void>
  /** The same runner, whose commands leave nothing there for others to run. */
  lookAfter(runner: Runner): Runner
}

/**
 * The owner's further folders in which commands may write. As in the workspace, what they leave there that programs
 * outside obey is set aside, in a quarantine of that folder's own. Nothing is held there while they run, since a person
 * keeps in such places what no walls of a workspace know: what was changed is set aside like what is new.
 */
export function openGrantedFolders({
  workspace,
  identity,
  paths,
  log,
}: Pick<Machine, 'workspace' | 'identity' | 'paths' | 'log'>): GrantedFolders {
  const folders = paths
    .filter(({ path, mode }) => mode === 'write' && isFolder(path))
    .map(({ path }) => {
      const index = createFolderIndex(() => false)
      const quarantine = createQuarantine({ workspace: path, notes: workspace, identity, index, log, isHeld: false })
      return { path, index, quarantine }
    })

  const begin = async ({ id = `command-${Date.now()}` }: Command) => {
    const watches: (() => Promise<Quarantined | undefined>)[] = []
    for (const { path, index, quarantine } of folders) {
      const { obeyed, repositories } = await index.find(path)
      const parts = repositories.flatMap((each) => (isFolder(each) ? gitParts.map((part) => join(each, part)) : [each]))
      const watch = await quarantine.begin(id, { known: [...obeyed, ...parts], repositories, awaited: [] })
      watches.push(async () => within(path, await watch.end()))
    }
    return async () => {
      const left: (Quarantined | undefined)[] = []
      for (const end of watches) left.push(await end())
      return left
    }
  }

  return {
    recover: async () => {
      for (const { quarantine } of folders) await quarantine.recover()
    },
    lookAfter: (runner) =>
      folders.length === 0
        ? runner
        : {
            ...runner,
            runCommand: async (command) => {
              if (command.writable === false || command.signal?.aborted) return runner.runCommand(command)
              const end = await begin(command)
              let left: readonly (Quarantined | undefined)[] = []
              let result: CommandResult
              try {
                result = await runner.runCommand(command)
              } finally {
                left = await end()
              }
              const quarantined = together([result.quarantined, ...left])
              return quarantined ? { ...result, quarantined } : result
            },
          },
  }
}

const isFolder = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

/** With whole paths: they are not relative to the workspace. */
function within(place: string, quarantined: Quarantined | undefined): Quarantined | undefined {
  if (!quarantined) return undefined
  const whole = (path: string) => join(place, path)
  const { folder, paths, left } = quarantined
  return { ...quarantined, folder: whole(folder), paths: paths.map(whole), left: left.map(whole) }
}

function together(all: readonly (Quarantined | undefined)[]): Quarantined | undefined {
  const [first, ...more] = all.filter((each) => each !== undefined)
  if (!first) return undefined
  return more.reduce(
    (sum, { folder, paths, left, failed }) => ({
      ...sum,
      ...(failed !== undefined && { failed: sum.failed ?? failed }),
      folder: `${sum.folder} and ${folder}`,
      paths: [...sum.paths, ...paths],
      left: [...sum.left, ...left],
    }),
    first,
  )
}
