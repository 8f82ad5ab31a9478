import { TandemError, type Id, type RunAbout } from '@tandem/shared'
import type { Chat } from '@tandem/shared/docs'
import type { ModelMessage } from 'ai'
import { lastMessages } from '../loop/context.ts'

type Earlier = NonNullable<RunAbout['earlier']>

type Ports = {
  chat: Pick<Chat, 'snapshot'>
  /** Whether a message is from somebody who may begin runs. */
  isHeard(id: string): boolean
  /** The messages of another run, as it stands. */
  readRun(run: Id): Promise<readonly ModelMessage[]>
}

/** So many runs are looked at, backwards from the message. */
const maxRuns = 20

/**
 * Which messages of earlier runs a new one is given: the last 50 of its conversation [S250]. They are named, and not
 * copied: they stand in their own runs.
 */
export async function chooseEarlier(run: Id, message: Id | undefined, ports: Ports, max = 50): Promise<Earlier> {
  const found: { run: Id; messages: readonly ModelMessage[] }[] = []
  let count = 0
  for (const each of runsBefore(run, message, ports).toReversed().slice(0, maxRuns)) {
    if (count >= max) break
    const messages = answered(await ports.readRun(each))
    if (messages.length === 0) continue
    found.unshift({ run: each, messages })
    count += messages.length
  }
  let skip =
    count -
    lastMessages(
      found.flatMap((each) => each.messages),
      max,
    ).length
  return found.flatMap(({ run: id, messages }) => {
    const from = Math.min(skip, messages.length)
    skip -= from
    return from < messages.length ? [{ run: id, from, to: messages.length }] : []
  })
}

/** The messages that were chosen. Throws `conflict` where they are there no more: what follows them could not be told. */
export async function readEarlier(earlier: Earlier, readRun: Ports['readRun']): Promise<ModelMessage[]> {
  const out: ModelMessage[] = []
  for (const { run, from, to } of earlier) {
    const messages = await readRun(run)
    if (messages.length < to)
      throw new TandemError('conflict', { reason: 'a part of the talk that this run goes on from is gone', run })
    out.push(...messages.slice(from, to))
  }
  return out
}

/** The runs of the course that a message belongs to, oldest first: what was sent again begins another course. */
function runsBefore(run: Id, message: Id | undefined, { chat, isHeard }: Ports): Id[] {
  let course: { id: string; run: Id }[] = []
  for (const [id, each] of [...chat.snapshot()].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (!isHeard(id) && id !== message) continue
    const again = course.findIndex((one) => one.id === each.replaces)
    if (again !== -1) course = course.slice(0, again)
    if (id === message || (message === undefined && id > run)) break
    course.push({ id, run: each.run })
  }
  return [...new Set(course.map((each) => each.run))].filter((each) => each !== run)
}

/** Up to where all that was asked for was answered: a run may have ended in the middle. */
function answered(messages: readonly ModelMessage[]): readonly ModelMessage[] {
  const last = messages.at(-1)
  const isOpen =
    last?.role === 'assistant' &&
    typeof last.content !== 'string' &&
    last.content.some((part) => part.type === 'tool-call')
  return isOpen ? messages.slice(0, -1) : messages
}
