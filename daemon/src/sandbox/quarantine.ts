import { lstatSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { messageOf, type Log } from '@tandem/shared'
import { look, birthmark } from '../disk/stat.ts'
import type { FolderIndex } from './folder-index.ts'
import { doubtsOf, leadsInside, programsOf } from './git-programs.ts'
import type { Identity } from './identity.ts'
import { createMarkers, type Marker } from './quarantine-markers.ts'
import { createSetAside } from './set-aside.ts'

/** What was set aside after a command, all paths relative to the workspace. */
export type Quarantined = {
  /** Where it lies now, each at its own path. */
  readonly folder: string
  readonly paths: readonly string[]
  /** What could not be moved, and still is where it was. */
  readonly left: readonly string[]
  /** Why nothing could be looked at, where that is so. */
  readonly failed?: string
}

type Quarantine = {
  /** Before a command, that is called `id` in what is told of it: notes what is there. */
  begin(id: string, before: Before): Promise<Watch>
  /** Looks after the commands of a daemon that was killed. */
  recover(): Promise<void>
}

/** Absolute paths. */
type Before = {
  /** What it cannot change as long as it is this very file. */
  readonly known: readonly string[]
  readonly repositories: readonly string[]
  /** What is not there yet, and would be obeyed. */
  readonly awaited: readonly string[]
}

type Watch = {
  /** By the clock of the workspace's file system, in ms since the epoch. */
  readonly startedAt: number
  /** After it: sets aside what it made that programs outside would run or obey. Never rejects. */
  end(): Promise<Quarantined | undefined>
}

type QuarantineOptions = {
  workspace: string
  identity: Identity
  index: FolderIndex
  log: Log
  /** False where the walls do not keep what is known from being changed: then a change of it counts as if it were new. */
  isHeld?: boolean
  /** Where it is noted what runs, out of reach of commands: of the workspace, where this is another folder. */
  notes?: string
}

/**
 * Sees to it that nothing a command leaves behind is run by others: an editor, a shell that changes into a folder, git.
 * What does not exist cannot be bound read-only, so it is looked for afterwards, and moved to `.tandem/quarantine`,
 * which is never shared and from where its owner can move it back.
 */
export function createQuarantine({
  workspace,
  identity,
  index,
  log,
  isHeld = true,
  notes,
}: QuarantineOptions): Quarantine {
  const markers = notes === undefined ? createMarkers(workspace, identity) : createMarkers(notes, identity, workspace)

  const audit = async (marker: Marker): Promise<Quarantined | undefined> => {
    let suspects = await suspectsOf(workspace, index, marker)
    if (suspects.length === 0) return undefined
    const { folder, move } = await createSetAside({ workspace, identity, name: marker.id })
    const paths: string[] = []
    // Another command may move it about just then: what is still there is looked for again.
    for (let tries = 0; suspects.length > 0 && tries < maxTries; tries++) {
      for (const path of suspects) {
        try {
          if (await move(path)) paths.push(path)
        } catch (error) {
          log.warn('what a command made could not be set aside', { path, tries, error: messageOf(error) })
        }
      }
      suspects = await suspectsOf(workspace, index, marker)
    }
    const left = suspects
    if (paths.length > 0) log.warn('set aside what a command made', { folder, paths: paths.slice(0, 20) })
    return paths.length + left.length === 0 ? undefined : { folder, paths, left }
  }

  const record = <T>(paths: readonly string[], of: (path: string) => T, counts: (value: T) => boolean) =>
    Object.fromEntries(
      paths.map((path) => [relative(workspace, path), of(path)] as const).filter(([, value]) => counts(value)),
    )

  /** What could not be moved is looked at again after the next command, and by the next daemon. */
  const unfinished: Marker[] = []
  const finish = async (marker: Marker) => {
    const result = await audit(marker)
    if (!result || result.left.length === 0) markers.remove(marker)
    else unfinished.push(marker)
    return result
  }

  return {
    begin: async (id, { known, repositories, awaited }) => {
      const marker = await markers.write({
        id,
        held: isHeld,
        known: record(known, markFor(isHeld), (mark) => mark !== ''),
        doubts: record(
          repositories,
          (path) => doubtsOf(workspace, path),
          (lines) => lines.length > 0,
        ),
        awaited: awaited.map((path) => relative(workspace, path)),
      })
      return {
        startedAt: marker.startedAt,
        end: async () => {
          try {
            for (const earlier of unfinished.splice(0)) await finish(earlier)
            return await finish(marker)
          } catch (error) {
            log.error('what a command made could not be looked through', { error })
            return { folder: '.tandem/quarantine', paths: [], left: [], failed: messageOf(error) }
          }
        },
      }
    },
    recover: async () => {
      for (const marker of await markers.leftBehind()) {
        // A folder that cannot be looked through is none that may not be served.
        await finish(marker).catch((error: unknown) =>
          log.error('what a command made could not be looked through', { error }),
        )
      }
    },
  }
}

const maxTries = 3

/** What is there now that was not, and that others would run or obey: the outermost of each, relative to the workspace. */
async function suspectsOf(
  workspace: string,
  index: FolderIndex,
  { startedAt, known, doubts, awaited, held }: Marker,
): Promise<string[]> {
  const { obeyed, repositories } = await index.findEverywhere(workspace)
  const way = (path: string) => relative(workspace, path)
  const mark = markFor(held)
  const isKnown = (path: string) => known[way(path)] !== undefined && known[way(path)] === mark(path)
  const isNew = (path: string) => {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    return stat !== undefined && stat.ctimeMs >= startedAt
  }
  const ofRepository = (path: string): string[] => {
    const stat = look(path)
    if (typeof stat === 'string' || isKnown(path)) return []
    if (stat.kind !== 'dir') return stat.kind === 'file' && leadsInside(workspace, path) ? [] : [path]
    return programsOf(workspace, path, doubts[way(path)] ?? [])
      .filter((part) => !isKnown(join(path, part)) && !isKnown(join(path, part.split('/')[0] ?? '')))
      .map((part) => join(path, part))
      .filter((part) => isNew(path) || isNew(part))
  }
  const all = [
    ...obeyed.filter((path) => way(path) !== '.tandem' && !isKnown(path)),
    ...awaited
      .map((path) => join(workspace, path))
      .filter((path) => lstatSync(path, { throwIfNoEntry: false }) && !isKnown(path)),
    ...repositories.flatMap(ofRepository),
  ].map(way)
  return outermost([...new Set(all)])
}

const outermost = (paths: readonly string[]): string[] => {
  const kept: string[] = []
  for (const path of paths.toSorted()) if (!kept.some((outer) => path.startsWith(`${outer}/`))) kept.push(path)
  return kept
}

const markFor = (isHeld: boolean) => (isHeld ? markOf : contentMarkOf)

function markOf(path: string): string {
  const stat = look(path)
  return typeof stat === 'string' ? '' : birthmark(stat)
}

/** Also of all that is in it, by when the kernel last saw it changed: that time nobody can set. */
function contentMarkOf(path: string): string {
  const own = markOf(path)
  const open = own === '' ? [] : [path]
  let [newest, count] = [0n, 0]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const stat = lstatSync(at, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined) continue
    count++
    if (stat.ctimeNs > newest) newest = stat.ctimeNs
    if (stat.isDirectory()) open.push(...namesIn(at).map((name) => join(at as string, name)))
  }
  return own && `${own} ${count} ${newest}`
}

/** A folder that is closed to us now and was not before has changed, which its own time says. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
