import type { Log } from '@tandem/shared'
import type { UpdateLog } from '../store/log.ts'
import type { EntryHead } from '../store/store.ts'
import type { ThinStep } from '../store/thin.ts'
import { readDeeds } from './deeds.ts'
import { firstAbove, type Kept } from './kept.ts'
import { createGathering, cutsAt } from './steps.ts'

/** So many entries are thinned in one go. */
const windowEntries = 20_000

type Deps = {
  updates: UpdateLog
  kept: Kept
  /** The versions with a name, ascending. */
  named(): Promise<number[]>
  /** After a document was thinned. */
  onThinned(doc: string): void
  log: Log
}

/**
 * Thins the past: of what is older than `thinBefore` (server's time, ms) one version a step remains, of what is older
 * than `forgetBefore` those with a name. Which versions remain is on disk before anything goes. Stops between two
 * documents when the signal aborts, and goes on there the next time. Returns how many entries went.
 */
export async function thinPast(
  deps: Deps,
  { thinBefore, forgetBefore }: { thinBefore: number; forgetBefore: number },
  signal: AbortSignal,
): Promise<number> {
  await chooseSteps(deps, Math.max(thinBefore, forgetBefore), signal)
  await chooseNamed(deps, forgetBefore, signal)
  return fold(deps, signal)
}

/** Of the versions that are older now, keeps the end of each step. */
async function chooseSteps({ updates, kept, ...deps }: Deps, before: number, signal: AbortSignal) {
  while (!signal.aborted) {
    const thinned = kept.thinned()
    const { upTo } = thinned
    const end = (await windowAfter(updates, upTo, ({ at }) => at < before)).at(-1)?.seq
    if (end === undefined) return
    const gathering = createGathering(cutsAt(await deps.named()))
    for await (const deed of readDeeds(updates, { upTo: end })) {
      if (deed.seq <= upTo) break
      gathering.add(deed)
    }
    // Asked for again: one may have got a name while this was read. From here on nothing is awaited.
    const pinned = (await deps.named()).filter((version) => version > upTo && version <= end)
    const ends = new Set([...gathering.steps.map(({ seq }) => seq), ...pinned, end])
    const versions = [...thinned.versions, ...[...ends].toSorted((a, b) => a - b)]
    await kept.keep({ ...thinned, upTo: end, versions })
  }
}

/** Of the versions that are much older now, keeps those with a name, and the last. */
async function chooseNamed({ updates, kept, ...deps }: Deps, before: number, signal: AbortSignal) {
  const thinned = kept.thinned()
  let end = thinned.forgotten
  for await (const { seq, at } of updates.heads({ after: end, upTo: thinned.upTo })) {
    if (at >= before || signal.aborted) break
    end = seq
  }
  if (end === thinned.forgotten) return
  const named = await deps.named()
  const isNamed = new Set(named)
  const versions = [end, ...thinned.versions.filter((version) => version > end || isNamed.has(version))]
  await kept.keep({
    ...thinned,
    forgotten: end,
    versions: [...new Set(versions)].toSorted((a, b) => a - b),
    // What was kept for its place at the end of the last time goes with what is behind it.
    folded: Math.min(thinned.folded, named.findLast((version) => version <= thinned.forgotten) ?? 0),
  })
}

/** Folds what stands between kept versions. */
async function fold(deps: Deps, signal: AbortSignal): Promise<number> {
  let gone = 0
  while (!signal.aborted) {
    const thinned = deps.kept.thinned()
    const { folded, upTo, forgotten, versions } = thinned
    const window = await windowAfter(deps.updates, folded, ({ seq }) => seq <= upTo)
    const end = window.at(-1)?.seq
    if (end === undefined) break
    const isOne = (a: EntryHead, b: EntryHead) => isOneHand(a, b) || (b.seq <= forgotten && isOneTrust(a, b))
    gone += await foldRuns(deps, window, versions, isOne, signal)
    if (!signal.aborted) await deps.kept.keep({ ...thinned, folded: end })
  }
  return gone
}

/** So many entries of files after a version, as long as they are `wanted`; never the newest. */
async function windowAfter(
  updates: UpdateLog,
  after: number,
  wanted: (head: EntryHead) => boolean,
): Promise<EntryHead[]> {
  const window: EntryHead[] = []
  for await (const head of updates.heads({ after, upTo: updates.head() - 1 })) {
    if (!wanted(head) || window.length >= windowEntries) break
    if (head.doc === 'files' || head.doc.startsWith('file/')) window.push(head)
  }
  return window
}

/** Folds what stands together in a document, without a kept version between, as far as `isOne` allows. */
async function foldRuns(
  { updates, onThinned, log }: Deps,
  window: readonly EntryHead[],
  versions: readonly number[],
  isOne: (a: EntryHead, b: EntryHead) => boolean,
  signal: AbortSignal,
): Promise<number> {
  let gone = 0
  for (const [doc, heads] of Map.groupBy(window, (head) => head.doc)) {
    if (signal.aborted) return gone
    const runs: ThinStep[] = []
    let last: EntryHead | undefined
    for (const head of heads) {
      const run = runs.at(-1)
      const isKeptBetween = last !== undefined && (versions[firstAbove(versions, last.seq - 1)] ?? Infinity) < head.seq
      if (run && last && !isKeptBetween && isOne(last, head)) run.upTo = head.seq
      else runs.push({ after: head.seq - 1, upTo: head.seq })
      last = head
    }
    const folds = runs.filter(({ after, upTo }) => upTo - after > 1)
    if (folds.length === 0) continue
    try {
      gone += await updates.thin(doc, folds)
      onThinned(doc)
    } catch (error) {
      // One that is damaged stays as it is; a store that fails says so itself, and tomorrow is another day.
      log.warn('document not thinned', { doc, error })
    }
  }
  return gone
}

/** Of one author, for one cause: in history they stay what they were. */
const isOneHand = (a: EntryHead, b: EntryHead) =>
  a.author === b.author && JSON.stringify(a.cause) === JSON.stringify(b.cause)

/** What somebody passed on for others is never counted to who did not. */
const isOneTrust = (a: EntryHead, b: EntryHead) => !a.note?.['via'] && !b.note?.['via']
