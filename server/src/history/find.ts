import { hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { docPath, isTandemError, type FindAnswer, type FindRequest } from '@tandem/shared'
import * as Y from 'yjs'
import type { UpdateLog } from '../store/log.ts'
import type { Entry } from '../store/store.ts'

/** So many bytes of text are looked at for one answer; of a file of 100 KB, its last 2,500 versions. */
const maxBytes = 256 * 2 ** 20
/** After so many others have their turn: some milliseconds. */
const stepBytes = 2 ** 20
/** So many versions are built upon one that is loaded. */
const maxWindow = 64

type Found = FindAnswer['found'][number]
type Wanted = FindRequest['texts'][number]
type Log = Pick<UpdateLog, 'entries' | 'load'>

/**
 * Of these contents, those that their files' documents had at some version, with the newest one; they are looked for
 * backwards. The work is bounded (`bytes`, shared evenly among those that are left): what is not found within it is not
 * found, and so is what stands in a document that is damaged, or what was thinned out. Throws where the signal aborts.
 */
export async function findTexts(
  log: Log,
  texts: readonly Wanted[],
  signal: AbortSignal,
  bytes = maxBytes,
): Promise<Found[]> {
  const found: Found[] = []
  let left = bytes
  for (const [i, wanted] of texts.entries()) {
    signal.throwIfAborted()
    const budget = { left: left / (texts.length - i) }
    left -= budget.left
    try {
      const version = await findText(log, wanted, budget, signal)
      if (version) found.push(version)
    } catch (e) {
      // One damaged document does not hide what the others say; it is told when it is opened.
      if (!isTandemError(e, 'store-corrupt')) throw e
    }
    left += Math.max(0, budget.left)
  }
  return found
}

async function findText(
  log: Log,
  { file, sha256 }: Wanted,
  budget: { left: number },
  signal: AbortSignal,
): Promise<Found | undefined> {
  const name = docPath({ kind: 'file', fileId: file })
  let newest: Found | undefined
  let sinceTurn = 0
  let size = stepBytes
  const spend = async (spent: number) => {
    budget.left -= spent
    sinceTurn += spent
    if (sinceTurn < stepBytes) return
    sinceTurn = 0
    await setImmediate()
    signal.throwIfAborted()
  }
  const look = async (window: readonly Entry[]) => {
    const doc = new Y.Doc()
    const before = await log.load(name, window.at(-1)?.previous)
    if (before) Y.applyUpdate(doc, before)
    await spend(before?.length ?? 0)
    for (const { seq, at, update } of window.toReversed()) {
      Y.applyUpdate(doc, update)
      const text = doc.getText('content').toString()
      if (hash('sha256', text) === sha256) newest = { file, seq, at }
      size = text.length
      await spend(size + update.length)
    }
    doc.destroy()
  }

  let window: Entry[] = []
  for await (const entry of log.entries(name, { reverse: true })) {
    window.push(entry)
    // The first of all is looked at alone: then it is known how large they are.
    if (window.length < maxWindow && window.length * size < stepBytes) continue
    await look(window)
    if (newest || budget.left <= 0) return newest
    window = []
  }
  if (window.length > 0) await look(window)
  return newest
}
