import { TandemError, type CallRecord, type Clock, type RunMessage } from '@tandem/shared'
import type { Run } from '@tandem/shared/docs'
import type { ModelMessage } from 'ai'
import { z } from 'zod'
import { newRun, type Change, type Journaled, type RunStore, type SavedRun } from '../loop/state.ts'
import type { Json } from '../loop/tool.ts'

type StorePorts = {
  run: Run
  attempt: number
  /** What was said before, which stands in the documents of other runs: the same for each attempt. */
  earlier: readonly ModelMessage[]
  /** Throws `conflict` once the task is another attempt's, or nobody's. */
  requireHeld(): void
  /** Resolves when the server has all of it on disk; rejects when nobody waits for that any more. */
  durable(): Promise<void>
  /** Called while a message is being written: what was shown of it while it came is of no use any more. */
  onMessages(): void
  clock: Pick<Clock, 'now'>
}

type RunProgress = NonNullable<ReturnType<Run['snapshot']>['progress']>

const count = z.int().nonnegative()
const Progress = z.object({
  goneOn: z.partialRecord(z.enum(['rounds', 'tokens', 'cost', 'time', 'repeated', 'key']), count),
  countedFrom: count,
  prunedTo: count,
  summary: z.object({ upTo: count, text: z.string() }).optional(),
  context: z.number(),
  activeMs: z.number(),
})

/**
 * Keeps a run in its document: each save is one transaction, so that whoever reads it sees a step whole or not at all, and
 * it is on the server's disk when it resolves. Only the attempt that the task's record names may save; the server refuses
 * what a daemon writes that does not hold the task.
 */
export function createRunStore(ports: StorePorts): RunStore {
  const { run, earlier, requireHeld } = ports
  return {
    load: async () => {
      if (run.unreadable() > 0)
        throw new TandemError('store-corrupt', {
          reason: 'a part of this run cannot be read: a newer version wrote it',
        })
      return savedIn(run, earlier)
    },
    save: async (change) => {
      requireHeld()
      run.transact(() => write(change, ports))
      await ports.durable()
      // What was refused for being too late is not on that disk, whatever came back meanwhile.
      requireHeld()
    },
  }
}

function savedIn(run: Run, earlier: readonly ModelMessage[]): SavedRun {
  const { usage, progress } = run.snapshot()
  const journal = [...run.journal.snapshot()].map(([call, entry]): [string, Journaled] => {
    const { text, isError, details, note } = entry
    if (entry.state === 'begun') return [call, { state: 'begun', ...(note !== undefined && { note: note as Json }) }]
    return [
      call,
      {
        state: 'ended',
        ...(text !== undefined && { text }),
        ...(isError && { isError }),
        ...(details !== undefined && { details: details as Json }),
      },
    ]
  })
  const { costUsd, cachedInputTokens = 0, ...counted } = usage ?? newRun.usage
  return {
    messages: [...earlier, ...messagesOf(run)],
    journal: Object.fromEntries(journal),
    usage: {
      rounds: counted.rounds,
      inputTokens: counted.inputTokens,
      outputTokens: counted.outputTokens,
      cachedInputTokens,
      ...(costUsd !== undefined && { costUsd }),
    },
    delivered: [...run.delivered.snapshot().keys()],
    progress: progress === undefined ? newRun.progress : (Progress.parse(progress) as SavedRun['progress']),
  }
}

/** The messages that stand in a run's document, as the model was given them. */
export const messagesOf = (run: Run): ModelMessage[] =>
  // What was written there was one; its parts are the SDK's to know.
  run.messages.snapshot().map(({ message }) => message as ModelMessage)

/** As the document keeps it: plain JSON, of whatever parts. */
const jsonOf = (message: ModelMessage) => message as unknown as RunMessage['message']

function write({ messages = [], delivered = [], journal = {}, usage, progress }: Change, ports: StorePorts): void {
  const { run, attempt, clock } = ports
  const at = clock.now()
  if (messages.length > 0) {
    // What people sent comes with their ids, one for each.
    run.append(
      messages.map((each, i) => ({
        at,
        message: jsonOf(each),
        ...(delivered[i] !== undefined && { of: delivered[i] }),
      })),
    )
    ports.onMessages()
  }
  for (const id of delivered) run.deliver(id, { at })
  for (const [call, entry] of Object.entries(journal)) run.note(call, { ...entry, at, attempt } as CallRecord)
  if (usage) run.set('usage', usage)
  if (progress) run.set('progress', progress as RunProgress)
}
