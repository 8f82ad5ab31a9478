import type { FileChange, Id } from '@tandem/shared'
import type { FilesSnapshot, TreeChange, TreeEntry } from '@tandem/shared/docs'
import type { UpdateLog } from '../store/log.ts'
import { readDeeds } from './deeds.ts'
import { createGathering, type Cuts, type Gathered } from './steps.ts'
import type { VersionStore } from './versions.ts'

/** So many files are named of one step; the rest are counted. */
const maxNamed = 50

type Wanted = {
  /** From this version down. */
  from: number
  /** What is forgotten, this version and before, is not told. */
  downTo: number
  /** About so many: a page ends where nobody is in the midst of a step. */
  limit: number
  files?: ReadonlySet<Id> | undefined
  author?: Id | undefined
}

export type TimelineStep = Omit<Gathered, 'edited' | 'tree'> & { files: FileChange[]; more: number }
export type TimelinePage = {
  /** Newest first. */
  steps: TimelineStep[]
  /** The version from which the next page goes on; undefined at the end. */
  next: number | undefined
}

type Deps = { updates: UpdateLog; versions: VersionStore; isCut: Cuts }

/** What happened, in steps, from one version down. */
export async function readTimeline(deps: Deps, wanted: Wanted): Promise<TimelinePage> {
  let { from } = wanted
  for (;;) {
    const page = await readPage(deps, { ...wanted, from })
    // A page of texts that were in no index yet has nothing to show: whoever asks wants to see something.
    if (page.steps.length > 0 || page.next === undefined) return page
    from = page.next
  }
}

async function readPage(
  { updates, versions, isCut }: Deps,
  { from, downTo, limit, files, author }: Wanted,
): Promise<TimelinePage> {
  const gathering = createGathering(isCut)
  const places = createPlaces(await versions.index(from))
  let next: number | undefined
  for await (const deed of readDeeds(updates, { upTo: from, files })) {
    if (deed.seq <= downTo) break
    for (const change of deed.tree ?? []) places.add(deed.seq, change)
    if (author !== undefined && deed.author !== author) continue
    if (gathering.steps.length >= limit && gathering.isClosedBefore(deed)) {
      next = deed.seq
      break
    }
    gathering.add(deed)
  }
  const steps = gathering.steps.flatMap(({ edited, tree, ...step }) => {
    const changes = filesOf({ edited, tree }, (id) => places.at(id, step.seq))
    if (changes.length === 0) return []
    return [{ ...step, files: changes.slice(0, maxNamed), more: Math.max(0, changes.length - maxNamed) }]
  })
  return { steps, next }
}

/** Where files were at a version, from where they are at a later one and what was changed since. */
function createPlaces(now: FilesSnapshot) {
  /** Newest first. */
  const changesById = new Map<Id, { seq: number; before: TreeEntry | undefined }[]>()
  return {
    add: (seq: number, { id, before }: TreeChange) => {
      const changes = changesById.get(id) ?? []
      changes.push({ seq, before })
      changesById.set(id, changes)
    },
    at: (id: Id, version: number): TreeEntry | undefined => {
      const since = changesById.get(id)?.findLast(({ seq }) => seq > version)
      return since ? since.before : now.byId.get(id)
    },
  }
}

function filesOf(
  { edited, tree }: Pick<Gathered, 'edited' | 'tree'>,
  placeOf: (id: Id) => TreeEntry | undefined,
): FileChange[] {
  const changes: FileChange[] = []
  for (const change of tree.values()) {
    const what = changeOf(change, edited.has(change.id))
    if (what) changes.push(what)
  }
  for (const id of edited) {
    if (tree.has(id)) continue
    // Its place in the index may come with a later step: then that one says that it was created.
    const place = placeOf(id)
    if (place) changes.push({ fileId: id, path: place.path, change: 'edited' })
  }
  return changes.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** What became of a file between two states of the index; undefined where nothing did that one would see. */
export function changeOf({ id, before, after, content }: TreeChange, isEdited: boolean): FileChange | undefined {
  const [was, is] = [before && !before.deleted, after && !after.deleted]
  const place = after ?? before
  if (!place) return undefined
  const file = { fileId: id, path: place.path }
  if (!is) return was || !before ? { ...file, change: 'deleted' } : undefined
  if (!was) return { ...file, change: before ? 'restored' : 'created' }
  if (before?.path !== place.path) return { ...file, change: 'moved', ...(before && { from: before.path }) }
  return isEdited || content || before.kind !== place.kind ? { ...file, change: 'edited' } : undefined
}
