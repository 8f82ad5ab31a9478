import type { Author, Blame, BlameRun, Cause, Id } from '@tandem/shared'
import * as Y from 'yjs'
import type { Authors } from '../store/authors.ts'
import type { People } from './people.ts'
import { isNear } from './steps.ts'
import type { Origin, Writers } from './writers.ts'

type Deps = { authors: Pick<Authors, 'of'>; people: People }
type Piece = { client: number; clock: number; length: number }

/**
 * Who wrote each character of a text. `update` is the whole document. What one author wrote without a long pause is one
 * run, with the newest of its versions.
 */
export function blameText(
  update: Uint8Array | undefined,
  writers: Writers,
  { authors, people }: Deps,
): Pick<Blame, 'authors' | 'runs'> {
  const named: Author[] = []
  const placeByKey = new Map<string, number>()
  const placeOf = (principal: Id, cause?: Cause): number => {
    const key = JSON.stringify([principal, cause?.task, cause?.run, cause?.restoredFrom])
    const known = placeByKey.get(key)
    if (known !== undefined) return known
    placeByKey.set(key, named.length)
    named.push(people(principal, cause))
    return named.length - 1
  }
  const runFor = (client: number, length: number, origin: Origin | undefined): BlameRun => {
    const owner = authors.of(client)
    const isTheirs = owner !== undefined && origin?.author === owner.principal
    // What the log says of somebody who passed it on is not said of who wrote it.
    const cause = owner?.cause ?? (isTheirs || !owner ? origin?.cause : undefined)
    const author = placeOf(owner?.principal ?? origin?.author ?? nobody, cause)
    return {
      length,
      author,
      ...(origin && { seq: origin.seq, at: origin.at }),
      ...(origin?.isVia && !isTheirs && { via: placeOf(origin.author) }),
    }
  }

  const runs: BlameRun[] = []
  for (const { client, clock, length } of piecesOf(update)) {
    for (let at = clock; at < clock + length;) {
      const { origin, to } = writers.find(client, at)
      const end = Math.min(to, clock + length)
      const run = runFor(client, end - at, origin)
      const last = runs.at(-1)
      if (last && belongs(last, run)) Object.assign(last, joined(last, run))
      else runs.push(run)
      at = end
    }
  }
  return { authors: named, runs }
}

/** Stands for an author that neither the registry nor the log knows: both would have to be damaged. */
const nobody = '00000000000000000000000000' as Id

const belongs = (a: BlameRun, b: BlameRun) =>
  a.author === b.author &&
  a.via === b.via &&
  (a.at === undefined || b.at === undefined ? a.at === b.at : isNear(a.at, b.at))

const joined = (a: BlameRun, b: BlameRun): BlameRun => {
  const newest = (b.seq ?? 0) > (a.seq ?? 0) ? b : a
  return { ...newest, length: a.length + b.length }
}

/** The characters that are there, in order, as Yjs keeps them: runs of one client's consecutive clocks. */
function* piecesOf(update: Uint8Array | undefined): Generator<Piece> {
  if (!update) return
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  for (let item = doc.getText('content')._start; item; item = item.right) {
    if (item.deleted || !(item.content instanceof Y.ContentString)) continue
    yield { client: item.id.client, clock: item.id.clock, length: item.length }
  }
}
