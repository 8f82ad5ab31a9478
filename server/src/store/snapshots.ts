import type { DocStat, Write } from './store.ts'

export const nothing: DocStat = {
  seq: 0,
  snapshotSeq: 0,
  snapshotBytes: 0,
  tailBytes: 0,
  milestoneSeq: 0,
  milestoneTailBytes: 0,
}

type Step = {
  doc: string
  seq: number
  bytes: number
  state: (() => Uint8Array) | undefined
  snapshotTailBytes: number
}

/**
 * Where a document stands after one more entry, and the snapshot made of it where its tail has grown long: not for
 * every edit of a large document. A snapshot goes when the next is made, but for milestones, one in as many bytes of
 * the log as it takes itself: all of them together are no larger than the log, and no version is far behind one.
 */
export function advance(before: DocStat, step: Step): { stat: DocStat; writes: Write[] } {
  const { doc, seq, bytes, state, snapshotTailBytes } = step
  const tailBytes = before.tailBytes + bytes
  const milestoneTailBytes = before.milestoneTailBytes + bytes
  if (!state || tailBytes <= Math.max(snapshotTailBytes, before.snapshotBytes / 8)) {
    return { stat: { ...before, seq, tailBytes, milestoneTailBytes }, writes: [] }
  }
  const snapshot = state()
  const isMilestone = milestoneTailBytes >= snapshot.length
  const { snapshotSeq, milestoneSeq } = before
  const writes: Write[] = [{ t: 'snapshot', doc, seq, state: snapshot }]
  if (snapshotSeq > milestoneSeq) writes.push({ t: 'drop-snapshots', doc, after: milestoneSeq, upTo: snapshotSeq })
  return {
    stat: {
      seq,
      snapshotSeq: seq,
      snapshotBytes: snapshot.length,
      tailBytes: 0,
      milestoneSeq: isMilestone ? seq : milestoneSeq,
      milestoneTailBytes: isMilestone ? 0 : milestoneTailBytes,
    },
    writes,
  }
}
